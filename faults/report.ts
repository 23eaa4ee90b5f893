/** The outcome of a run as a Markdown table. */
import type { Result } from './run.js';

export function report(result: Result): string {
  const { happened, memory, options, verdict } = result;
  const { backend, daemons, scenario, seed, sinks } = options;
  const rows: [string, string][] = [
    ['scenario', `${scenario}; ${daemons} × receiptd on ${backend}; sinks: ${sinks.join(', ')}`],
    ['receipts sent', whole(verdict.sent)],
    ['delivered to every sink', whole(verdict.delivered)],
    ['**lost**', `**${whole(verdict.lost.length)}**`],
    ...(verdict.undelivered === 0
      ? []
      : [
          ['not delivered in time, still in MNS or in the store', whole(verdict.undelivered)] as [
            string,
            string,
          ],
        ]),
    ['dead letters', whole(verdict.dead)],
    ...verdict.sinks.map(({ name, keeps, duplicates, bound }): [string, string] => {
      const rule =
        bound === undefined
          ? 'same id again, which a receiver drops'
          : keeps === 'idempotent'
            ? 'none is allowed'
            : `fewer than ${whole(bound)} are allowed: an in-flight window a kill`;
      return [`duplicates at ${name}`, `${whole(duplicates)} (${rule})`];
    }),
    ['redelivered by MNS', whole(result.redelivered)],
    ['daemons killed (SIGKILL)', whole(result.kills)],
    ['daemons stopped (SIGTERM), of them not drained in time', `${result.stops}, ${result.unclean}`],
    ['daemons that ended by themselves', whole(result.accidents)],
    ['Redis restarts, pauses', `${happened.redisRestarts}, ${happened.redisPauses}`],
    ['database restarts', whole(happened.databaseRestarts)],
    ['TCP resets, half-open connections', `${happened.resets}, ${happened.freezes}`],
    ['MNS troubles (5xx, 429, hangs, partial deletes …)', whole(happened.mns)],
    ['token revocations', whole(happened.revocations)],
    ['webhook receiver troubles (5xx, 429, slow, hangs …)', whole(happened.receiver)],
    ['disk full', whole(happened.diskFull)],
    ['clock of MNS wrong', whole(happened.clock)],
    ...(result.readiness === undefined
      ? []
      : [['`/readyz` during the outage', `not ready: ${result.readiness}`] as [string, string]]),
    ...(result.keys === undefined
      ? []
      : [['keys in Redis at the end', whole(result.keys)] as [string, string]]),
    ['memory of the largest daemon by minute, MiB', memory.peaks.map(whole).join(', ')],
    ['drained, whole run', `${seconds(result.drained)}, ${seconds(result.duration)}`],
    ['seed', `${seed}`],
  ];
  const shown = rows.filter(
    ([name, value]) => scenario === 'faults' || value !== '0' || /lost|dead/.test(name),
  );
  return ['| | |', '|---|---|', ...shown.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(0)} s`;
}
