/** What the command line says of which dead letters are meant. */
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../errors.js';
import type { DeadLetterFilter, DeadLetterSelection } from '../pipeline/index.js';
import { parseTime } from '../replay/index.js';

export interface FilterOptions {
  queue?: string;
  type: string[];
  reason?: string;
  since?: string;
  until?: string;
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const SPAN = /^(\d+(?:\.\d+)?)([smhdw])$/;

export const FILTER_HELP = `
All filters that are given must hold. A --reason is any part of the reason, in upper or lower case, or a /regular expression/
(/…/i in upper or lower case). A time is when the dead letter died: a span that ends now, such as 90s, 30m, 2h, 3d or 1w, or
a time such as 2026-01-31T00:00:00Z or "2026-01-31 08:00:00", which is Beijing time unless it has a zone.`;

export function withFilters(command: Command): Command {
  return command
    .option('--queue <name>', 'only of this queue')
    .option('--type <type>', 'only of this message type; may be given again for more', collectType, [])
    .option('--reason <text>', 'only with this in the reason')
    .option('--since <time>', 'only those that died at this time or later')
    .option('--until <time>', 'only those that died before this time')
    .addHelpText('after', FILTER_HELP);
}

/** @throws {UsageError} */
export function filterOf(
  { queue, type, reason, since, until }: FilterOptions,
  now = Date.now(),
): DeadLetterFilter {
  const from = since === undefined ? undefined : timeOf('--since', since, now);
  const to = until === undefined ? undefined : timeOf('--until', until, now);
  if (from !== undefined && to !== undefined && from >= to)
    throw new UsageError('DEAD_FILTER', '--until: must be later than --since');
  return {
    ...(queue !== undefined && { queueName: queue }),
    ...(type.length > 0 && { types: [...new Set(type)] }),
    ...(reason !== undefined && { reason }),
    ...(from !== undefined && { since: new Date(from).toISOString() }),
    ...(to !== undefined && { until: new Date(to).toISOString() }),
  };
}

/**
 * By ids, by filters, or all.
 * @throws {UsageError} when nothing says which, or two things do
 */
export function selectionOf(ids: string[], options: FilterOptions & { all?: boolean }): DeadLetterSelection {
  const filter = filterOf(options);
  const filtered = Object.keys(filter).length > 0;
  if (ids.length > 0 && !filtered && options.all !== true) return { messageIds: ids };
  if (ids.length === 0 && (filtered || options.all === true))
    return { ...filter, ...(options.all === true && { all: true as const }) };
  throw new UsageError(
    'DEAD_SELECTION',
    ids.length === 0
      ? 'name the dead letters by id, by a filter such as --reason, or say --all'
      : 'name the dead letters either by id, or by filters and --all',
  );
}

function timeOf(option: string, text: string, now: number): number {
  const [, count, unit = ''] = SPAN.exec(text.trim()) ?? [];
  const time = count === undefined ? parseTime(option, text) : now - Number(count) * (UNITS[unit] ?? 0);
  if (Math.abs(time) <= 8.64e15) return time;
  throw new UsageError(
    'DEAD_FILTER',
    `${option}: must be a time such as 2h or 2026-01-31T00:00:00Z, got "${text}"`,
  );
}

function collectType(type: string, before: string[]): string[] {
  if (/^[A-Za-z][A-Za-z0-9]*$/.test(type)) return [...before, type];
  throw new InvalidArgumentError('must be a message type such as SmsReport.');
}
