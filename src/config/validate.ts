import type * as z from 'zod';
import type { ConfigIssue } from './error.js';
import { configKeys, keyName, namesAt, type Path } from './keys.js';
import { nearest } from './nearest.js';
import { kind, must, withoutValue } from './rules.js';
import { type Config, configSchema } from './schema.js';

/**
 * Runs the schema and puts what it refuses into words. `where` tells where the value at a path came from.
 *
 * @param queuesOptional whether a configuration may do without queues
 * @param isHidden whether the value at a path may not be repeated
 */
export function validate(
  input: unknown,
  where: (path: Path) => string | undefined = () => undefined,
  queuesOptional = false,
  isHidden: (path: Path) => boolean = () => false,
): { config: Config | undefined; issues: ConfigIssue[] } {
  const lacking = queuesOptional && lacksQueues(input);
  const result = configSchema.safeParse(lacking ? withStandIn(input) : input, { error: explain });
  const issues = (result.error?.issues ?? []).flatMap((issue) => {
    const path = issue.path as Path;
    if (lacking && path[0] === 'queues') return [];
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, path) }));
  });
  return {
    config: lacking && result.data ? { ...result.data, queues: [] } : result.data,
    issues: issues.map(({ path, message }) => {
      const source = where(path);
      const told = isHidden(path) ? withoutValue(message) : message;
      return { key: keyName(path), message: source ? `${told} (${source})` : told };
    }),
  };
}

function lacksQueues(input: unknown): input is Readonly<Record<string, unknown>> {
  if (typeof input !== 'object' || input === null) return false;
  const { queues } = input as { queues?: unknown };
  return queues === undefined || queues === null || (Array.isArray(queues) && queues.length === 0);
}

/** The schema insists on a queue, and on a sink that takes its type: one that the first sink takes. */
function withStandIn(input: Readonly<Record<string, unknown>>): object {
  const [sink] = Array.isArray(input.sinks) ? (input.sinks as ({ types?: unknown } | null)[]) : [];
  const messageType: unknown = Array.isArray(sink?.types) ? sink.types[0] : 'Any';
  return { ...input, queues: [{ messageType, queueName: 'none' }] };
}

/** Words for the rules that have none of their own in the schema. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_union') {
    const given = issue.input as Record<string, unknown>;
    const options = (issue.options as string[] | undefined) ?? [];
    return must(`be ${options.join(' or ')}`)({ input: given[String(issue.discriminator)] });
  }
  if (issue.code !== 'invalid_type') return undefined;
  if (issue.input === undefined) return 'is required';
  const expected = issue.expected === 'array' ? 'a list' : 'a mapping';
  // By kind only: text in the place of `credentials` may well be one.
  return `must be ${expected}, got ${kind(issue.input)}`;
}

function unknownKey(key: string, parent: Path): string {
  const names = namesAt(parent);
  // A known key at the wrong place is as common a slip as a mistyped one.
  const elsewhere = configKeys.find(({ path }) => path.at(-1)?.toLowerCase() === key.toLowerCase());
  const meant = nearest(key, names) ?? elsewhere?.path.join('.');
  return meant ? `unknown key, did you mean ${meant}?` : `unknown key, known here are ${names.join(', ')}`;
}
