/**
 * What fetching and delivering have to make up for when they are done by different processes, which share nothing but the
 * store: who delivers sees no receives and has no polls to hold back; who polls sees no deliveries.
 */
import type { Logger } from 'pino';
import { pause } from '../backoff.js';
import { isAcknowledged, type StoredJob } from '../pipeline/index.js';

/** How often a delivery that waits for acknowledgements looks again. */
const ROOM_EVERY_MS = 50;
/** How long receiving may wait for a place in the store before the log hears of it, and hears of it again. */
const PATIENCE_MS = 60_000;
const REMIND_EVERY_MS = 600_000;

/** What a receive tells of a message. */
export interface Hiding {
  receivedAt: number;
  visibleUntil: number;
}

/**
 * For how long a receive had hidden the message of this job, as far as can be told: by one that came for the first time
 * and was put into the store the moment before.
 */
export function hidingOf({ data, attemptsStarted, timestamp }: StoredJob): Hiding[] {
  const { message, hiddenUntil } = data;
  if (message.dequeueCount > 1 || attemptsStarted > 1) return [];
  if (hiddenUntil === undefined && isAcknowledged(message)) return [];
  return [{ receivedAt: timestamp, visibleUntil: hiddenUntil ?? message.visibleUntil }];
}

/**
 * Holds deliveries back while too many finished messages wait to be deleted: the store fills up, and those that poll stop.
 * @param unsettled how many do
 */
export async function room(most: number, unsettled: () => number, signal: AbortSignal): Promise<void> {
  while (unsettled() >= most && !signal.aborted) await pause(ROOM_EVERY_MS, signal);
}

/** Tells the log when nothing is received because the store is full, which is no trouble of who polls. */
export class FullStore {
  readonly #log: Logger;
  readonly #startedAt: number;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(log: Logger, now = Date.now()) {
    this.#log = log;
    this.#startedAt = now;
  }

  /** @param lastPollAt ms since the epoch; 0 before the first */
  look(backlog: number, most: number, lastPollAt: number, now = Date.now()): void {
    const waitsFor = now - Math.max(lastPollAt, this.#startedAt);
    if (backlog < most / 2 || waitsFor < PATIENCE_MS) return;
    if (now - this.#saidAt < REMIND_EVERY_MS) return;
    this.#saidAt = now;
    this.#log.warn(
      `receiving waits: ${backlog} events are in the store and are not delivered, look at the processes with role deliver`,
    );
  }
}
