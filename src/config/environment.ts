import { environmentValue, fileVariable, SecretFileError } from '../secret-file.js';
import type { ConfigIssue } from './error.js';
import { coerce } from './expand.js';
import { type ConfigKey, configKeys } from './keys.js';
import { nearest } from './nearest.js';
import { parseYaml } from './yaml.js';

/** The keys that environment variables set. A `RECEIPTD_` variable that means nothing is an issue, never ignored. */

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Override {
  key: ConfigKey;
  value: unknown;
  /** The variable that it comes from, and the file that it names. */
  source: string;
  /** It stands in a file that the variable names, and may not be shown. */
  fromFile: boolean;
}

/**
 * @param cwd what names of files are relative to
 * @param isWanted whether a key is to be looked at; its file may not be there where it is not
 */
export function readEnvironment(
  env: Environment,
  cwd: string,
  isWanted: (key: ConfigKey) => boolean = () => true,
): { overrides: Override[]; issues: ConfigIssue[] } {
  const overrides: Override[] = [];
  const issues: ConfigIssue[] = [];
  for (const [name, text = ''] of Object.entries(env)) {
    if (!name.startsWith('RECEIPTD_') || name === 'RECEIPTD_CONFIG' || isServiceLink(name, text)) continue;
    const key = configKeys.find(({ env }) => env === name || fileVariable(env) === name);
    if (!key) {
      const meant =
        withoutSection(name) ?? nearest(name, ['RECEIPTD_CONFIG', ...configKeys.map(({ env }) => env)]);
      const hint = meant
        ? `did you mean ${meant}?`
        : 'unset it, or see `receiptd config schema` for the keys';
      issues.push({ key: name, message: `unknown environment variable, ${hint}` });
    } else if (text !== '' && isWanted(key)) {
      // Empty is unset: what docker compose and Helm make of a value that nobody gave.
      const report = (message: string) => {
        // Given in both ways it is met twice.
        const issue = { key: key.path.join('.'), message };
        if (!issues.some((known) => known.key === issue.key)) issues.push(issue);
      };
      try {
        const value = environmentValue(key.env, env, cwd);
        if (value === undefined) continue;
        const { fromFile } = value;
        overrides.push({
          key,
          value: decode(key, value.text),
          source: fromFile ? `${name}=${text}` : name,
          fromFile,
        });
      } catch (error) {
        report(
          error instanceof SecretFileError ? error.message : `is not readable as YAML or JSON (${name})`,
        );
      }
    }
  }
  return { overrides, issues };
}

/** The only variable that this one is when the section is left out. */
function withoutSection(name: string): string | undefined {
  const [meant, ...others] = configKeys.filter(({ env }) => env.endsWith(name.slice('RECEIPTD'.length)));
  return others.length === 0 ? meant?.env : undefined;
}

function decode({ path, schema }: ConfigKey, text: string): unknown {
  return schema.type === 'array' ? parseYaml(text).value : coerce(text, path);
}

/** Kubernetes tells every pod about the Services of its namespace, also about ours: `RECEIPTD_PORT=tcp://10.0.0.1:8090`. */
function isServiceLink(name: string, text: string): boolean {
  return (
    /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/.test(name) ||
    // A Service `receiptd-ops` gives RECEIPTD_OPS_PORT, a key of ours: only the value tells them apart.
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(text))
  );
}
