/** What a replay comes to, for people: a table by message type, and the places of what went wrong. */
import { whole } from './progress.js';
import { OUTCOMES, type Sample, type Tally, type TallyData } from './tally.js';

export interface ReportOptions {
  tally: Tally;
  dryRun: boolean;
  /** ms */
  elapsed: number;
  /** Of this run; less than all after a resume. */
  messages: number;
}

/** What `--json` prints. */
export interface Summary extends TallyData {
  dryRun: boolean;
  /** False when it was stopped before. */
  finished: boolean;
  seconds: number;
  /** Entries a second, of this run. */
  rate: number;
  /** Undecodable, failed and unreadable. */
  failures: number;
}

export function summaryOf({ tally, dryRun, elapsed, messages }: ReportOptions, finished: boolean): Summary {
  return {
    dryRun,
    finished,
    seconds: Math.round(elapsed) / 1000,
    rate: rateOf(messages, elapsed),
    failures: tally.failures,
    ...tally.data,
  };
}

/** Several lines. */
export function reportOf({ tally, dryRun, elapsed, messages }: ReportOptions): string {
  const data = tally.data;
  const columns = OUTCOMES.filter((outcome) => !(dryRun && outcome === 'failed'));
  const header = columns.map((outcome) => (outcome === 'ok' && !dryRun ? 'delivered' : outcome));
  const types = Object.entries(data.types).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = types.map(([type, { counts }]) => [type, ...columns.map((outcome) => whole(counts[outcome]))]);
  const totals = ['total', ...columns.map((outcome) => whole(tally.total(outcome)))];
  const rest: [number, string][] = [
    [data.unreadable.count, 'unreadable'],
    [data.duplicates, 'again (the same MessageId), left out'],
    [data.filtered, 'of other types or times, left out'],
  ];
  const seconds = (elapsed / 1000).toFixed(1);
  return [
    ...table([['type', ...header], ...rows, totals]),
    ...rest.filter(([count]) => count > 0).map(([count, what]) => `${whole(count)} ${what}`),
    `${whole(messages)} entries in ${seconds} s (${whole(rateOf(messages, elapsed))}/s)`,
    ...types.flatMap(([type, { counts, samples }]) =>
      columns.flatMap((outcome) => places(`${outcome}, ${type}`, samples[outcome], counts[outcome])),
    ),
    ...places('unreadable', data.unreadable.samples, data.unreadable.count),
    '',
  ].join('\n');
}

function places(title: string, samples: readonly Sample[] | undefined, count: number): string[] {
  if (samples === undefined || samples.length === 0) return [];
  const more = count - samples.length;
  return [
    '',
    `${title}:`,
    ...samples.map(({ place, reason }) => `  ${place}  ${reason}`),
    ...(more > 0 ? [`  and ${whole(more)} more`] : []),
  ];
}

/** The first column to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
}

function rateOf(messages: number, elapsed: number): number {
  return Math.round((messages * 1000) / Math.max(1, elapsed));
}
