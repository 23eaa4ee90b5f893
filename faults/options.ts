/** What a run is told on its command line, and the sizes of the runs there are. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { UsageError } from '../src/errors.js';
import { type Counts, FAMILY_NAMES, type Family, LINKS, type Link } from './plan.js';

export type SinkKind = 'ndjson' | 'webhook' | 'sql';
const SINKS: readonly SinkKind[] = ['ndjson', 'webhook', 'sql'];
export type BackendKind = 'redis' | 'postgres' | 'embedded';
const BACKENDS: readonly BackendKind[] = ['redis', 'postgres', 'embedded'];
export type AckOn = 'delivered' | 'enqueued';
const ACK_ON: readonly AckOn[] = ['delivered', 'enqueued'];
export type Scenario = 'faults' | 'sink-down' | 'redis-away';
const SCENARIOS: readonly Scenario[] = ['faults', 'sink-down', 'redis-away'];

export interface Options {
  seed: number;
  scenario: Scenario;
  receipts: number;
  daemons: number;
  /** ms for everything. */
  limit: number;
  /** ms in which faults happen. */
  faultTime: number;
  /** ms over which the receipts are sent. */
  sendTime: number;
  /** ms that a sink or Redis is away, in the scenarios of that name. */
  away: number;
  counts: Counts;
  families: readonly Family[];
  links: readonly Link[];
  sinks: readonly SinkKind[];
  backend: BackendKind;
  ackOn: AckOn;
  /** s */
  visibilityTimeout: number;
  maxInFlight: number;
  cli: string;
  keep: boolean;
}

const FULL: Counts = {
  kills: 32,
  stops: 8,
  redisRestarts: 6,
  redisPauses: 4,
  databaseRestarts: 2,
  resets: 3,
  freezes: 2,
  mns: 2,
  receiver: 1,
  revocations: 4,
  disks: 3,
  clocks: 3,
  length: 6_000,
};
const QUICK: Counts = {
  kills: 3,
  stops: 1,
  redisRestarts: 1,
  redisPauses: 1,
  databaseRestarts: 1,
  resets: 1,
  freezes: 1,
  mns: 1,
  receiver: 1,
  revocations: 1,
  disks: 1,
  clocks: 1,
  length: 1_500,
};

/** ms of faults in a quick run. */
const QUICK_MS = 33_000;

export const USAGE = `npm run test:faults -- [options]
  --quick               a short run with each fault once
  --seed N              the plan of an earlier run
  --minutes N           the most it may take (10; with --quick 3, of which it needs one)
  --receipts N          how many are sent (200000; with --quick 6000)
  --daemons N           (2)
  --backend NAME        ${BACKENDS.join(', ')}
  --ack-on WHEN         ${ACK_ON.join(', ')}
  --sinks LIST          of ${SINKS.join(', ')}
  --only LIST           of ${FAMILY_NAMES.join(', ')}
  --scenario NAME       sink-down or redis-away instead of many faults
  --away-minutes N      how long that is (5, 10)
  --cli FILE            another dist/cli/main.js
  --keep                leaves logs and files also after a success`;

/** @throws {UsageError} */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const quick = values.quick === true;
  const scenario = oneOf('--scenario', values.scenario ?? 'faults', ['sink-down', 'redis-away'], SCENARIOS);
  const backend = oneOf('--backend', values.backend ?? 'redis', BACKENDS);
  const away =
    number('--away-minutes', values['away-minutes'] ?? (scenario === 'sink-down' ? '5' : '10')) * 60_000;
  const outage = scenario !== 'faults';
  const minutes = number(
    '--minutes',
    values.minutes ?? (outage ? `${away / 60_000 + 4}` : quick ? '3' : '10'),
  );
  const limit = minutes * 60_000;
  const faultTime = outage ? away + 20_000 : Math.min(limit * 0.72, quick ? QUICK_MS : limit);
  const sinks = list('--sinks', values.sinks, SINKS);
  const there: Partial<Record<Family, boolean>> = {
    redis: backend === 'redis',
    database: sinks.includes('sql') || backend === 'postgres',
    receiver: sinks.includes('webhook'),
  };
  const families = list('--only', values.only, FAMILY_NAMES).filter((family) => there[family] ?? true);
  const links = LINKS.filter(
    (link) =>
      families.includes('network') &&
      !outage &&
      (link === 'mns' || there[link === 'webhook' ? 'receiver' : link] === true),
  );
  const receipts = outage ? `${Math.round(faultTime / 10)}` : quick ? '6000' : '200000';
  return {
    seed: number('--seed', values.seed ?? `${Math.floor(Math.random() * 2 ** 31)}`),
    scenario,
    receipts: number('--receipts', values.receipts ?? receipts),
    daemons: backend === 'embedded' ? 1 : number('--daemons', values.daemons ?? '2'),
    limit,
    faultTime,
    sendTime: faultTime,
    away,
    counts: quick ? QUICK : FULL,
    families,
    links,
    sinks,
    backend,
    ackOn: oneOf('--ack-on', values['ack-on'] ?? 'delivered', ACK_ON),
    visibilityTimeout: quick ? 10 : 30,
    maxInFlight: 1024,
    cli:
      values.cli ??
      process.env.RECEIPTD_FAULTS_CLI ??
      fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)),
    keep: values.keep === true,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: flag,
        keep: flag,
        help: flag,
        seed: text,
        minutes: text,
        receipts: text,
        daemons: text,
        backend: text,
        sinks: text,
        only: text,
        scenario: text,
        'away-minutes': text,
        'ack-on': text,
        cli: text,
      },
    });
  } catch (cause) {
    throw new UsageError('FAULTS', `${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

function number(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError('FAULTS', `${flag}: expected a number, got ${text}`);
}

function oneOf<T extends string>(flag: string, text: string, known: readonly T[], all = known): T {
  const found = all.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError('FAULTS', `${flag}: expected ${known.join(', ')}, got ${text}`);
}

function list<T extends string>(flag: string, text: string | undefined, known: readonly T[]): readonly T[] {
  return text === undefined ? known : text.split(',').map((one) => oneOf(flag, one, known));
}
