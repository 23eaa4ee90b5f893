import { describeError } from '../errors.js';
import { type Path, schemasAt } from './keys.js';

/** The value of an environment variable; undefined when it is not set. A problem with it is an Error, thrown. */
export type Lookup = (name: string, path: Path) => string | undefined;

/**
 * Makes a file's data ready for the schema: `${VAR}` and `${VAR:-default}` in strings become the variable's value (of the
 * key's type, so that `port: ${PORT}` is a number), and a key with nothing behind it counts as left out.
 */
export function expandTree(
  value: unknown,
  lookup: Lookup,
  report: (path: Path, issue: string) => void,
): unknown {
  const walk = (value: unknown, path: Path, around: readonly unknown[]): unknown => {
    if (value === null) return undefined;
    if (typeof value === 'string' && value.includes('${'))
      return coerce(
        expand(
          value,
          (name) => lookup(name, path),
          (issue) => report(path, issue),
        ),
        path,
      );
    if (typeof value !== 'object') return value;
    // A YAML alias may put a list into itself.
    if (around.includes(value)) return report(path.slice(0, 1), 'contains itself');
    const inside = [...around, value];
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index], inside));
    // fromEntries defines own properties, so a key `__proto__` stays a key, and an unknown one.
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key], inside)]),
    );
  };
  return walk(value, [], []);
}

const STRAY = `has \${ without NAME} or NAME:-default} behind it, write $\${ for a plain \${`;

function expand(
  text: string,
  lookup: (name: string) => string | undefined,
  report: (issue: string) => void,
): string {
  return text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (match, reference: string | undefined, end: string) => {
    if (reference === undefined) return '${';
    const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(reference) ?? [];
    // The text itself may be a secret with a stray `${` in it.
    if (!name || !end) {
      report(STRAY);
      return match;
    }
    try {
      const value = lookup(name);
      if (value || (fallback === undefined && value === '')) return value;
      if (fallback !== undefined) return fallback;
      report(`needs the environment variable ${name}, which is not set`);
    } catch (error) {
      report(describeError(error));
    }
    return match;
  });
}

/** Text as a value of the type the schema has at a path; text that is none stays text, for the schema to refuse. */
export function coerce(text: string, path: Path): unknown {
  const types = schemasAt(path).map((schema) => schema.type);
  if (types.some((type) => type === 'integer' || type === 'number') && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text))
    return Number(text);
  if (types.includes('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}
