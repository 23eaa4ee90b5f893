/** How fast messages go out: as fast as they can, so many a second, or as they came in. */
import { pause } from '../backoff.js';

export interface Clock {
  /** ms, monotonic */
  now(): number;
  /** Resolves after `ms`, or as soon as the signal aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

export const realClock: Clock = { now: () => performance.now(), pause };

export interface Pace {
  /**
   * When the next message may go out, on the clock's scale; asked once for each message, in their order.
   * @param at when the message came in, ms since the epoch; undefined when nothing tells
   */
  due(now: number, at: number | undefined): number;
}

/** Timers are late by a millisecond or more: what is lost by that, up to this many ms, is caught up with. */
const CREDIT_MS = 50;
/** The longest a timer is set for; Node's own take no more than 24 days. */
const LONGEST_PAUSE_MS = 3_600_000;

export const unpaced: Pace = { due: (now) => now };

/** @param rate messages a second */
export function ratePace(rate: number): Pace {
  const interval = 1000 / rate;
  let latest: number | undefined;
  return {
    due(now) {
      latest = latest === undefined ? now : Math.max(latest + interval, now - CREDIT_MS);
      return latest;
    },
  };
}

/**
 * The times between messages as they were, only `speed` times as short. What came in out of order goes out at once, and
 * so does what tells no time. Long gaps stay.
 */
export function speedPace(speed: number): Pace {
  let first: { now: number; at: number } | undefined;
  return {
    due(now, at) {
      if (at === undefined) return now;
      first ??= { now, at };
      return first.now + (at - first.at) / speed;
    },
  };
}

/** Resolves when the clock says so, or the signal aborts. */
export async function waitUntil(due: number, clock: Clock, signal: AbortSignal): Promise<void> {
  for (;;) {
    const left = due - clock.now();
    if (left <= 0 || signal.aborted) return;
    await clock.pause(Math.min(left, LONGEST_PAUSE_MS), signal);
  }
}
