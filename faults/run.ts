/**
 * One run: start everything, send receipts while the plan's faults happen, let the daemons drain what is left, and judge
 * what the sinks have.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueueCounters } from '../src/emulator/index.js';
import { check, type Verdict } from './checker.js';
import { contentOf } from './collect.js';
import { type Happened, Injector } from './injector.js';
import { sendLoad } from './load.js';
import { MemoryLog } from './memory.js';
import type { Options } from './options.js';
import { makePlan, type Planned } from './plan.js';
import { Site } from './site.js';
import { jobsOf, keysIn, unfinishedIn } from './store.js';

const LOOK_MS = 500;
/** Looks in a row that find nothing left to do before all is quiet. */
const QUIET_LOOKS = 3;
/** ms kept for stopping and checking. */
const RESERVE_MS = 15_000;
/** ms from the start until a sink or Redis goes away, in the scenarios of that name. */
const OUTAGE_AT_MS = 10_000;
const READY = 'ready';
const SAY_EVERY_MS = 10_000;

export interface Result {
  options: Options;
  verdict: Verdict;
  happened: Happened;
  kills: number;
  stops: number;
  unclean: number;
  accidents: number;
  redelivered: number;
  /** Of the receiver. */
  unverified: number;
  /** What `/readyz` of a daemon said in the middle of an outage. */
  readiness: string | undefined;
  /** In Redis at the end; undefined without Redis. */
  keys: number | undefined;
  skipped: string[];
  memory: MemoryLog;
  /** ms from the first receipt to the last one acknowledged. */
  drained: number;
  /** ms of everything */
  duration: number;
  /** Where the files are; undefined when they are gone. */
  kept: string | undefined;
  /** What is known of lost receipts. */
  details: string[];
}

export async function run(
  options: Options,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const startedAt = performance.now();
  const deadline = startedAt + options.limit - RESERVE_MS;
  const site = await Site.start(options, say);
  let failed = true;
  try {
    const result = await drive(site, { options, say, signal, startedAt, deadline });
    failed = result.verdict.problems.length > 0;
    return { ...result, kept: failed || options.keep ? site.directory : undefined };
  } finally {
    if (failed) say(`logs and files are kept in ${site.directory}`);
    await site.stop(failed || options.keep);
  }
}

interface Drive {
  options: Options;
  say(text: string): void;
  signal: AbortSignal;
  /** By `performance.now()`. */
  startedAt: number;
  deadline: number;
}

async function drive(site: Site, { options, say, signal, startedAt, deadline }: Drive): Promise<Result> {
  const { receipts, sendTime, maxInFlight } = options;
  const plan = planOf(options);
  const injector = new Injector(site, say);
  const memory = new MemoryLog(site.daemons);
  const sent: string[] = [];
  const over = new AbortController();
  const progress = sayProgress(site, sent, memory, say, over.signal);
  const loadAt = performance.now();
  say(`up after ${Math.round(loadAt - startedAt)} ms`);
  try {
    const [readiness] = await Promise.all([
      readinessInOutage(site, options, signal),
      sendLoad(site.emulator, sent, { receipts, time: sendTime, faults: plan.map(({ at }) => at) }, signal),
      injector.run(plan, signal),
    ]);
    say('the faults are over');
    const left = await quiet(site, deadline, signal);
    const drained = performance.now() - loadAt;
    // They tell the same, but one of them may find its connection half-open first.
    const dead = await Promise.any(site.daemons.map((daemon) => daemon.deadLetters()));
    const { redelivered } = await site.emulator.counters();
    const late =
      left === undefined ? [] : [`not drained in time, a slow machine needs more --minutes: ${left}`];
    const exits = await Promise.all(site.daemons.map((daemon) => daemon.stop()));
    const unclean = exits.filter((exit) => exit?.code !== 0).length;
    if (unclean > 0) late.push(`${unclean} daemons did not drain at the end`);
    const sinks = await Promise.all(options.sinks.map((kind) => contentOf(site, kind)));
    const there = late.length === 0 ? [] : await leftIn(site);
    const kills = sum(site.daemons.map((daemon) => daemon.kills));
    const stops = sum(site.daemons.map((daemon) => daemon.stops));
    // A daemon that was told to stop has confirmed all it delivered, unless it ran out of time.
    const cut = kills + sum(site.daemons.map((daemon) => daemon.unclean)) + accidentsOf(site);
    const { redisRestarts, databaseRestarts } = injector.happened;
    const storeRestarts = options.backend === 'postgres' ? databaseRestarts : redisRestarts;
    const verdict = check({
      sent,
      sinks,
      dead,
      left: there,
      window: maxInFlight,
      kills: cut + storeRestarts,
    });
    const { unverified = 0 } = site.receiver === undefined ? {} : await site.receiverCounts();
    const problems = [...verdict.problems, ...late, ...memory.problems(options)];
    if (unverified > 0) problems.push(`webhook: ${unverified} requests with a wrong signature`);
    if (readiness === READY) problems.push('a daemon said that it was ready during the outage');
    if (accidentsOf(site) > 0) problems.push(`daemons ended by themselves: ${endsOf(site)}`);
    return {
      options,
      verdict: { ...verdict, problems },
      happened: injector.happened,
      kills,
      stops,
      unclean: sum(site.daemons.map((daemon) => daemon.unclean)),
      accidents: accidentsOf(site),
      redelivered,
      unverified,
      readiness,
      keys: await keysIn(site),
      skipped: [...injector.skipped],
      memory,
      drained,
      duration: performance.now() - startedAt,
      kept: undefined,
      details: await jobsOf(site, verdict.lost),
    };
  } finally {
    over.abort();
    await progress;
  }
}

/** Asks in the middle of it. */
async function readinessInOutage(
  { daemons }: Site,
  { scenario, away }: Options,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (scenario === 'faults') return undefined;
  await sleep(OUTAGE_AT_MS + away / 2, undefined, { signal });
  const answers = await Promise.all(daemons.map((daemon) => daemon.readiness()));
  if (answers.some((answer) => answer?.ready === true)) return READY;
  return answers[0]?.reasons.join('; ') ?? 'nothing';
}

function planOf(options: Options): Planned[] {
  const { away, daemons, families, faultTime: duration, links, scenario, seed, counts } = options;
  const at = OUTAGE_AT_MS;
  if (scenario === 'sink-down')
    return [{ at, kind: 'receiver', mode: { kind: 'error', rate: 1, status: 503 }, length: away }];
  if (scenario === 'redis-away') return [{ at, kind: 'redis-restart', signal: 'SIGTERM', pause: away }];
  return makePlan({ seed, duration, daemons, counts, families, links });
}

/** Resolves when nothing is left to do, or with what is left when the time is over. */
async function quiet(site: Site, deadline: number, signal: AbortSignal): Promise<string | undefined> {
  for (let looks = 0; looks < QUIET_LOOKS; ) {
    await sleep(LOOK_MS, undefined, { signal });
    const { visible, invisible, delayed } = await site.emulator.counters();
    const backlogs = await Promise.all(site.daemons.map((daemon) => daemon.backlog()));
    const left = visible + invisible + delayed;
    looks = left === 0 && backlogs.every((backlog) => backlog === 0) ? looks + 1 : 0;
    if (performance.now() > deadline)
      return `${visible} visible and ${invisible} invisible in MNS, ${backlogs.join(' and ')} jobs in the store`;
  }
  return undefined;
}

async function sayProgress(
  site: Site,
  sent: readonly string[],
  memory: MemoryLog,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let saidAt = performance.now(); !signal.aborted; ) {
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    memory.sample();
    if (performance.now() - saidAt < SAY_EVERY_MS) continue;
    saidAt = performance.now();
    const counters = await site.emulator.counters().catch(() => undefined);
    if (counters !== undefined) say(progressLine(sent.length, counters));
  }
}

function progressLine(sent: number, { deleted, visible, invisible, redelivered }: QueueCounters): string {
  return `sent ${sent}, acknowledged ${deleted}, visible ${visible}, in flight ${invisible}, redelivered ${redelivered}`;
}

/** Ids of all that is late, wherever it is. */
async function leftIn(site: Site): Promise<string[]> {
  const inQueue = await site.emulator.messages();
  return [...inQueue.map(({ id }) => id), ...(await unfinishedIn(site))];
}

function endsOf({ daemons }: Site): string {
  return daemons.flatMap(({ accidents, name }) => accidents.map((how) => `${name} with ${how}`)).join(', ');
}

function accidentsOf({ daemons }: Site): number {
  return sum(daemons.map(({ accidents }) => accidents.length));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
