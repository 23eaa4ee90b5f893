/**
 * `receiptd run --once`: when the daemon has done all there is to do, and when there is no point in waiting for that. It
 * waits for retries that are due later, as long as anything moves on; a sink that stays down, a token that is refused and a
 * store that is away end it, with what is not delivered left where it is.
 */
import type { Logger } from 'pino';
import { pause } from '../backoff.js';
import type { Config, Role } from '../config/index.js';
import type { Receiptd } from '../daemon.js';
import type { Status } from '../ops/index.js';
import type { Counter } from '../stats.js';

/** s; long enough for MNS to find what it has. */
const WAIT_S = 2;
const LOOK_EVERY_MS = 200;
/** Slices tell how they are every half a second: what all of them say for this long holds for all at once. */
const HOLDS_MS = 1_500;

/** What moves on while there is a point in waiting. */
const PROGRESS: Readonly<Record<Role, readonly Counter[]>> = {
  all: ['delivered', 'filtered', 'duplicates', 'retried', 'dead', 'acknowledged'],
  deliver: ['delivered', 'filtered', 'duplicates', 'retried', 'dead', 'acknowledged'],
  poll: ['handed_off', 'acknowledged'],
};

/** What is asked of the daemon. */
export type Drainable = Pick<Receiptd, 'drained' | 'config' | 'status'>;

export type Ending = 'drained' | 'stuck' | 'interrupted';

/** The last poll of an empty queue is to be a short one. */
export function onceConfig(config: Config): Config {
  const waitSeconds = Math.min(config.poll.waitSeconds, WAIT_S);
  return { ...config, poll: { ...config.poll, waitSeconds } };
}

/**
 * @param started resolves when the daemon is, which is progress
 * @param patience ms without any progress after which it gives up
 * @param signal ends it
 */
export async function untilDone(
  daemon: Drainable,
  started: Promise<void>,
  patience: number,
  signal: AbortSignal,
): Promise<Ending> {
  let movedAt = performance.now();
  let drainedSince = Number.POSITIVE_INFINITY;
  let before = '';
  const onStart = () => {
    movedAt = performance.now();
  };
  started.then(onStart, () => {});
  while (!signal.aborted) {
    const now = performance.now();
    const progress = JSON.stringify(totals(daemon.status(), PROGRESS[daemon.config.role]));
    if (progress !== before) {
      movedAt = now;
      drainedSince = Number.POSITIVE_INFINITY;
    }
    before = progress;
    if (!daemon.drained) drainedSince = Number.POSITIVE_INFINITY;
    else if (drainedSince === Number.POSITIVE_INFINITY) drainedSince = now;
    if (now - drainedSince >= HOLDS_MS) return 'drained';
    if (now - movedAt >= patience) return 'stuck';
    await pause(LOOK_EVERY_MS, signal);
  }
  return 'interrupted';
}

/** Why it gave up, while that can still be asked. */
export function tellStuck(log: Logger, status: Status, patience: number): void {
  const waiting = status.queues.reduce((sum, { inFlight }) => sum + inFlight, 0);
  const reasons = status.reasons.length > 0 ? status.reasons : [`${waiting} message(s) wait for a retry`];
  log.error(
    `once: nothing has moved on for ${Math.round(patience / 1000)} s, giving up: ${reasons.join('; ')}`,
  );
}

/** Says what came of it, in a line. @returns the exit code */
export function conclude(log: Logger, status: Status, ending: Ending, ms: number): number {
  const [received, delivered, filtered, duplicates, dead, acknowledged] = totals(status, [
    'received',
    'delivered',
    'filtered',
    'duplicates',
    'dead',
    'acknowledged',
  ]);
  if (dead) {
    log.error(`once: ${dead} message(s) became dead letters, kept in the store: see receiptd dead list`);
  }
  const how = ending === 'drained' ? 'drained' : 'not drained, what is left comes again';
  log.info(
    { received, delivered, filtered, duplicates, dead, acknowledged },
    `once: ${how}: received ${received}, delivered ${delivered}, filtered ${filtered}, duplicates ${duplicates}, ` +
      `dead ${dead}, acknowledged ${acknowledged}, in ${(ms / 1000).toFixed(1)} s`,
  );
  return ending === 'drained' && !dead ? 0 : 1;
}

function totals({ queues }: Status, names: readonly Counter[]): number[] {
  return names.map((name) => queues.reduce((sum, { counters }) => sum + counters[name], 0));
}
