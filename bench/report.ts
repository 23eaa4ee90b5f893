/** The results as one table for people. */
import { cpus } from 'node:os';
import type { EndToEndResult } from './end-to-end.js';
import type { ProtocolResult } from './protocol.js';

export interface Report {
  node: string;
  cpu: string;
  protocol: ProtocolResult[];
  endToEnd: EndToEndResult[];
}

/** What the others are compared with. */
const REFERENCE = '@alicloud/mns';

export function machine(): Pick<Report, 'node' | 'cpu'> {
  const all = cpus();
  return { node: process.version, cpu: `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}` };
}

export function format({ node, cpu, protocol, endToEnd }: Report): string {
  const reference = (concurrency: number) =>
    protocol.find((row) => row.client === REFERENCE && row.concurrency === concurrency)?.rate ?? Number.NaN;
  const protocolRows = protocol.map(({ client, concurrency, rate, connections }) => [
    client,
    `${concurrency}`,
    whole(rate),
    `${(rate / reference(concurrency)).toFixed(2)} × ${REFERENCE}`,
    whole(connections),
  ]);
  const endToEndRows = endToEnd.flatMap(({ store, rate, ceiling, connections }) => [
    [`BullMQ alone, ${store}`, '', whole(ceiling), '', ''],
    [`receiptd, ${store}`, '', whole(rate), `${(rate / ceiling).toFixed(2)} × BullMQ`, whole(connections)],
  ]);
  const cpuLines = endToEnd.map(({ store, cpu: used }) => {
    const parts = Object.entries(used).filter(([, micros]) => Number.isFinite(micros));
    return `CPU per message, ${store}: ${parts.map(([name, micros]) => `${name} ${whole(micros)} µs`).join(', ')}`;
  });
  return [
    `Node ${node}, ${cpu}, loopback; medians of rounds taken in turns, after a warm-up`,
    '',
    ...columns([
      ...table(['protocol only', 'loops', 'messages/s', 'ratio', 'connections opened'], protocolRows),
      ...table(['end to end', '', 'messages/s', 'ratio', 'connections opened'], endToEndRows),
    ]),
    ...cpuLines,
  ].join('\n');
}

/** Nothing of what was not measured. */
function table(head: string[], rows: string[][]): string[][] {
  return rows.length === 0 ? [] : [head, ...rows, head.map(() => '')];
}

/** Pads each column to its widest cell; numbers to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === 3 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}
