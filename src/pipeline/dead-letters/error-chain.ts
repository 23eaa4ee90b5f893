/**
 * What went wrong in one attempt, as text that is kept with the message: each sink's error with its causes and where it was
 * thrown. Of bounded size, whatever a handler throws, and without what a terminal or a database does not take.
 */
import { describeError } from '../../errors.js';

/** Characters; as many attempts as the store keeps are kept with each message. */
const MOST = 4_096;
const MESSAGE_MOST = 1_000;
const SINKS_TOLD = 3;
const FRAMES_TOLD = 8;
const CAUSES_TOLD = 5;
/** Of an AggregateError. */
const BESIDE_TOLD = 3;

/** @param failures at least one */
export function errorChain(
  failures: readonly { sink: { name: string }; error: unknown }[],
  at = new Date(),
): string {
  const told = failures.slice(0, SINKS_TOLD);
  const room = Math.floor((MOST - 100) / told.length);
  const parts = told.map(({ sink, error }) => clip(`${sink.name}: ${lines(error).join('\n')}`, room));
  if (failures.length > told.length) parts.push(`and ${failures.length - told.length} more`);
  return `${at.toISOString()} ${parts.join('\n')}`;
}

/** When the attempt failed of which this is the error chain; undefined of an error that did not come from a sink. */
export function timeOfChain(chain: string): string | undefined {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?= )/.exec(chain)?.[0];
}

/** At most so many UTF-16 units, and no half of a surrogate pair at the end. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function lines(error: unknown, depth = 0): string[] {
  const own = [head(error), ...frames(error)];
  if (depth === CAUSES_TOLD) return own;
  const errors = property(error, 'errors');
  const beside = Array.isArray(errors) ? errors.slice(0, BESIDE_TOLD) : [];
  const cause = property(error, 'cause');
  return [
    ...own,
    ...beside.flatMap((one) => indented('one of them: ', lines(one, CAUSES_TOLD))),
    ...(cause === undefined ? [] : indented('caused by: ', lines(cause, depth + 1))),
  ];
}

function indented(label: string, [first = '', ...rest]: string[]): string[] {
  return [`${label}${first}`, ...rest];
}

function head(error: unknown): string {
  const name = property(error, 'name');
  const code = property(error, 'code');
  const text = clip(described(error), MESSAGE_MOST);
  const known = typeof code === 'string' || typeof code === 'number';
  return [
    typeof name === 'string' && name !== '' ? `${described(name)}: ` : '',
    text,
    known && !text.includes(String(code)) ? ` (${described(code)})` : '',
  ].join('');
}

/** Where it was thrown, without what Node itself did before. */
function frames(error: unknown): string[] {
  const stack = property(error, 'stack');
  if (typeof stack !== 'string') return [];
  return (
    clip(stack, 16 * MOST)
      .split('\n')
      .filter((line) => /^\s+at /.test(line) && !line.includes('node:internal'))
      .slice(0, FRAMES_TOLD)
      // A frame names a function, whose name may be anything.
      .map((line) => `    ${clip(described(line), MESSAGE_MOST)}`)
  );
}

/** What is thrown may be anything, also something that throws when it is looked at. */
function property(error: unknown, name: string): unknown {
  try {
    return (error as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined;
  }
}

function described(value: unknown): string {
  try {
    return describeError(value);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}
