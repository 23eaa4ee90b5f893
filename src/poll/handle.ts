/** A slice as the main thread holds it, wherever it runs. */
import type { Config } from '../config/index.js';
import type { RecentEvent, RecentQuery } from '../stats.js';
import type { SliceSnapshot } from './slice.js';
import type { SliceToken } from './tokens.js';

export interface SliceEvents {
  /** The slice found a backlog in this queue. */
  onBusy(queueName: string): void;
  /** MNS refused the token of this version. */
  onRefused(queueName: string, version: number): void;
  /** The slice ended without having been stopped. */
  onCrash(error: Error): void;
}

export interface SliceHandle {
  /** Resolves when its sinks and store are open. Rejects with what makes that impossible. */
  readonly ready: Promise<void>;
  /** Begins its work as soon as it is open; until then it only holds what it has opened. */
  start(): void;
  setToken(queueName: string, token: SliceToken): void;
  setPrimary(queueNames: readonly string[]): void;
  wake(queueName: string): void;
  /** Its sinks open their files anew. */
  reopen(): void;
  /**
   * Drains; resolves when all is closed. May be called again, to give polls less time.
   * @param pollGrace ms that polls in flight may end by themselves. @default as configured
   */
  stop(pollGrace?: number): Promise<void>;
  /** The time for draining is over. */
  abort(): void;
  /** Ends it as a crash would, if it is a thread. */
  kill(): void;
  /** As of at most half a second ago. */
  snapshot(): SliceSnapshot;
  /** Of the events that it finished lately, the newest first; none while it does not answer. Never rejects. */
  recent(query: RecentQuery): Promise<RecentEvent[]>;
  /** Why it cannot work right now, one line; empty when it can. */
  problem(): string;
}

/** What every slice of a process is made from. */
export interface SliceSpec {
  config: Config;
  /** Slices of this process. */
  slices: number;
  /** From 0. */
  index: number;
  /** What they share, see `places.ts`. */
  places: SharedArrayBuffer;
  /** Which part of that is this one's, from 0: two that follow one another in the same seat overlap. */
  slot: number;
  /** Polls end when all is done. */
  once: boolean;
  /** What phone numbers in capture files are masked by: the same in all slices, so that they can be joined. */
  maskKey: string;
  /** Of what the log has heard, in whichever slice; see `known-drift.ts`. */
  knownDrift: SharedArrayBuffer;
}

export type SpawnSlice = (spec: SliceSpec, events: SliceEvents) => SliceHandle;
