/**
 * A daemon's status as lines for people: health and why, then a table of queues and one of sinks. Knows nothing of terminals but how wide one is and how words are coloured.
 */
import { describeError } from '../errors.js';
import type { QueueStatus, Status } from '../ops/index.js';
import { spanOf } from '../span.js';

export type Tone = 'good' | 'bad' | 'faint';
export type Paint = (tone: Tone, text: string) => string;

export interface ViewOptions {
  /** ms since the epoch */
  now: number;
  /** Columns. */
  width: number;
  paint: Paint;
}

const UNKNOWN = '–';
/** Columns that everything beside the name of a queue or a sink takes, about. */
const BESIDE_NAMES = 70;
const LEAST_NAME = 24;

export function viewOf(status: Status, options: ViewOptions): string[] {
  const { ready, reasons, version, pid, startedAt, role, slices, queues, sinks } = status;
  const { now, paint } = options;
  const up = spanOf(Math.max(0, now - Date.parse(startedAt)));
  const restarts = slices.restarts > 0 ? `, ${slices.restarts} restart(s)` : '';
  const form = slices.mode === 'inline' ? `${slices.count} inline slice` : `${slices.count} thread(s)`;
  return [
    `receiptd ${version}, process ${pid}, up ${up}, ${role === 'all' ? '' : `role ${role}, `}${form}${restarts}`,
    ready ? paint('good', 'ready') : paint('bad', 'not ready'),
    ...reasons.map((reason) => `  ${describeError(reason)}`),
    '',
    ...queueLines(queues, options),
    // Who only polls has none.
    ...(sinks.length === 0 ? [] : ['', ...sinkLines(sinks, options)]),
  ];
}

function queueLines(queues: readonly QueueStatus[], options: ViewOptions): string[] {
  const { now, width, paint } = options;
  const head = ['QUEUE', 'LAG', 'IN/S', 'OUT/S', 'IN FLIGHT', 'WAITING', 'OLDEST', 'NEXT TOKEN'];
  const rows = queues.map((queue) => {
    const { queueName, rate, lagSeconds, inFlight, backlog, oldestUndeliveredAt: oldest, token } = queue;
    return [
      shortened(queueName, width),
      spanOf(lagSeconds * 1000),
      perSecond(rate.received),
      perSecond(rate.delivered),
      count(inFlight),
      count(backlog),
      oldest === 0 ? 'none' : spanOf(Math.max(0, now - oldest)),
      token.nextRefreshInSeconds === undefined
        ? UNKNOWN
        : `in ${spanOf(Math.max(0, token.nextRefreshInSeconds * 1000))}`,
    ];
  });
  const [title = '', ...lines] = table([head, ...rows]);
  return [
    paint('faint', title),
    ...queues.flatMap((queue, index) => [
      lines[index] ?? '',
      paint('faint', `  ${totals(queue)}`),
      ...(queue.lastError === undefined
        ? []
        : [
            `  last error ${spanOf(Math.max(0, now - queue.lastError.at))} ago: ${describeError(queue.lastError.text)}`,
          ]),
    ]),
  ];
}

function totals({ messageType, counters }: QueueStatus): string {
  const { received, delivered, filtered, dead, acknowledged, redelivered } = counters;
  return (
    `${messageType}: received ${count(received)}, delivered ${count(delivered)}, filtered ${count(filtered)}, ` +
    `dead ${count(dead)}, acknowledged ${count(acknowledged)}, redelivered ${count(redelivered)}`
  );
}

/** Why one is down stands among the reasons. */
function sinkLines(sinks: Status['sinks'], { now, width, paint }: ViewOptions): string[] {
  const rows = sinks.map(({ name, state, downSince, delivered, failed }) => [
    shortened(name, width),
    downSince === undefined ? state : `${state} for ${spanOf(Math.max(0, now - downSince))}`,
    count(delivered),
    count(failed),
  ]);
  const [title = '', ...lines] = table([['SINK', 'STATE', 'DELIVERED', 'FAILED'], ...rows]);
  return [
    paint('faint', title),
    ...lines.map((line, index) => (sinks[index]?.state === 'down' ? paint('bad', line) : line)),
  ];
}

/** Columns as wide as what stands in them: the first to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

/** The ends of a name tell more than its middle. */
function shortened(given: string, width: number): string {
  const name = describeError(given);
  const most = Math.max(LEAST_NAME, width - BESIDE_NAMES);
  if (name.length <= most) return name;
  const end = Math.floor((most - 1) / 2);
  return `${name.slice(0, most - 1 - end)}…${name.slice(-end)}`;
}

function perSecond(rate: number): string {
  return rate < 10 ? String(Math.round(rate * 10) / 10) : count(Math.round(rate));
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
