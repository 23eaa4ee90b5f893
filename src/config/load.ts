import { environmentValue } from '../secret-file.js';
import { type Environment, type Override, readEnvironment } from './environment.js';
import { ConfigError, type ConfigIssue } from './error.js';
import { expandTree } from './expand.js';
import { findFile, readFile } from './file.js';
import { type ConfigKey, envName, keyName, type Path } from './keys.js';
import type { Config, ConfigInput } from './schema.js';
import { validate } from './validate.js';

export interface LoadOptions {
  /** The file to read, which must exist. Default: $RECEIPTD_CONFIG, ./receiptd.yaml, ./config/receiptd.yaml, or none. */
  file?: string | undefined;
  env: Environment;
  /** What relative names are relative to. */
  cwd: string;
  /**
   * For commands that ask nothing of the cloud: `queues` may be missing, and `credentials` are not looked at, so that
   * the daemon's own file serves where its secrets are not. @default false
   */
  offline?: boolean;
}

export interface LoadedConfig {
  config: Config;
  /** The file that was read, as it was named; undefined when there was none. */
  file: string | undefined;
}

/** The configuration of a file with the environment over it, checked; else a ConfigError with everything wrong in it. */
export function loadConfig({ file: asked, env, cwd, offline = false }: LoadOptions): LoadedConfig {
  const file = findFile(asked, env, cwd);
  const text = file === undefined ? { value: {}, lineOf: () => undefined } : readFile(file, cwd);
  const { lineOf } = text;
  const isWanted = ({ path }: ConfigKey) => !offline || path[0] !== 'credentials';
  const { overrides, issues } = readEnvironment(env, cwd, isWanted);
  const value = offline ? { ...text.value, credentials: {} } : text.value;

  const where = (path: Path): string => {
    const override = overrides.find(({ key }) => isWithin(path, key.path));
    if (override) return override.source;
    if (file === undefined) return `${envName(path.slice(0, 2))}; no configuration file found`;
    const line = lineOf(path);
    return line === undefined ? file : `${file}:${line}`;
  };

  // One issue a key: what follows from the first one only confuses.
  const report = (issue: ConfigIssue) => issues.some(({ key }) => key === issue.key) || issues.push(issue);
  // What stands in files is not shown, whatever key it was put into.
  const hidden = overrides.filter(({ fromFile }) => fromFile).map(({ key }): Path => key.path);
  const lookup = (name: string, path: Path): string | undefined => {
    const found = environmentValue(name, env, cwd);
    if (found?.fromFile) hidden.push(path);
    return found?.text;
  };
  const tree = expandTree(value, lookup, (path, message) =>
    report({ key: keyName(path), message: `${message} (${where(path)})` }),
  );
  const isHidden = (path: Path) => hidden.some((part) => isWithin(path, part) || isWithin(part, path));
  const result = validate(withOverrides(tree, overrides), where, offline, isHidden);
  result.issues.forEach(report);
  if (!result.config || issues.length > 0) throw new ConfigError(issues);
  return { config: result.config, file };
}

/** A configuration given as data, with all defaults applied; else a ConfigError. */
export function parseConfig(input: ConfigInput): Config {
  const { config, issues } = validate(input);
  if (!config) throw new ConfigError(issues);
  return config;
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((name, depth) => path[depth] === name);
}

function withOverrides(tree: unknown, overrides: readonly Override[]): unknown {
  return overrides.reduce((value, { key, value: override }) => withValue(value, key.path, override), tree);
}

/** A copy with one value replaced. A section that is no mapping is kept as it is, for the schema to refuse. */
function withValue(node: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (node !== undefined && (typeof node !== 'object' || Array.isArray(node))) return node;
  const section: Record<string, unknown> = { ...node };
  section[key] = withValue(section[key], rest, value);
  return section;
}
