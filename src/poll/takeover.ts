/** How slices come and go while the process goes on. */
import type { Config } from '../config/index.js';
import { ReceiptdError } from '../errors.js';
import type { SliceHandle } from './handle.js';

/** ms that a slice has to end after it was told that the time for draining is over. */
const LAST_NOTICE_MS = 2_000;

/** What slices are to be like from now on. */
export interface Takeover {
  config: Config;
  count: number;
  /** The old ones have to end before the new ones begin: what they write to is not to be shared. */
  oneAfterTheOther: boolean;
}

/** Where one slice after the other sits, as they crash and are restarted. */
export interface Seat {
  readonly index: number;
  /** Undefined when it crashed. */
  handle: SliceHandle | undefined;
  crashes: number;
  startedAt: number;
  restarting?: NodeJS.Timeout;
}

export function seatsFor(count: number): Seat[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    handle: undefined,
    crashes: 0,
    startedAt: 0,
  }));
}

/** Resolves when all slices are open and sit; where one cannot, none stays. */
export async function openAll(seats: readonly Seat[], slices: readonly SliceHandle[]): Promise<void> {
  try {
    await Promise.all(slices.map(({ ready }) => ready));
    if (seats.some(({ handle }) => handle === undefined))
      throw new ReceiptdError('SLICE', 'a new slice crashed');
  } catch (error) {
    await Promise.all(slices.map((slice) => slice.stop()));
    throw error;
  }
}

export interface Patience {
  /** ms that its polls may end by themselves. */
  pollGrace: number;
  /** ms that draining may take then, before its deliveries are told to give up. */
  timeout: number;
}

/** A poll that is cut off may leave its messages hidden for a while, and nobody waits for these: they may end. */
export function patienceOf({ poll, shutdown }: Config): Patience {
  return { pollGrace: poll.waitSeconds * 1000 + shutdown.pollGrace, timeout: shutdown.timeout };
}

export interface Retired {
  drained: boolean;
  /** Why it could not close all that it had open. */
  error?: unknown;
  /** Resolves when nothing of it goes on: later than it was given up, or never, where nothing can end it. */
  ended: Promise<void>;
}

/**
 * Drains a slice that others have taken over from. One that does not end is ended as if it had crashed, where that is
 * possible: what it had under way is delivered again.
 */
export async function retire(slice: SliceHandle, { pollGrace, timeout }: Patience): Promise<Retired> {
  const notice = setTimeout(() => slice.abort(), pollGrace + timeout);
  let giveUp: NodeJS.Timeout | undefined;
  const late = new Promise<{ drained: false }>((resolve) => {
    giveUp = setTimeout(() => resolve({ drained: false }), pollGrace + timeout + LAST_NOTICE_MS);
  });
  const stopped = slice.stop(pollGrace).then(
    () => ({ drained: true }),
    (error: unknown) => ({ drained: true, error }),
  );
  const how = await Promise.race([stopped, late]);
  clearTimeout(notice);
  clearTimeout(giveUp);
  if (!how.drained) slice.kill();
  return { ...how, ended: stopped.then(() => {}) };
}
