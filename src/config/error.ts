import { UsageError } from '../errors.js';

/** One thing wrong with the configuration. `key` is empty when the file as a whole is meant. */
export interface ConfigIssue {
  /** Path of the key, such as `queues[1].queueName`, or the name of an environment variable. */
  key: string;
  /** One line that reads on after the key and ends with where the value came from. */
  message: string;
}

/** Everything wrong with a configuration, found in one go. Never holds a secret. */
export class ConfigError extends UsageError {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[], options?: ErrorOptions) {
    super('CONFIG_INVALID', issues.map(line).join('; '), options);
    this.issues = issues;
  }

  /** One line an issue, for a terminal. */
  get lines(): string[] {
    return this.issues.map(line);
  }
}

function line({ key, message }: ConfigIssue): string {
  return key ? `${key}: ${message}` : message;
}
