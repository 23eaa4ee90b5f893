/** A poller over an MNS whose answers a test gives one by one, in fake time. */
import { vi } from 'vitest';
import type { ReceivedMessage } from '../../src/mns/index.js';
import { Gate } from '../../src/poll/gate.js';
import { Places, sharedPlaces } from '../../src/poll/places.js';
import { Poller, type PollerOptions } from '../../src/poll/poller.js';
import { QueueStats } from '../../src/stats.js';

export interface Poll {
  max: number;
  waitSeconds: number;
  /** ms of fake time */
  at: number;
  signal: AbortSignal;
  answer(messages: number): Promise<void>;
  fail(error?: Error): Promise<void>;
}

export class PollerBench {
  readonly stats = new QueueStats();
  readonly gate: Gate;
  readonly poller: Poller;
  /** Without an answer yet. */
  readonly open = new Set<Poll>();
  readonly polls: Poll[] = [];
  readonly batches: ReceivedMessage[][] = [];
  readonly errors: unknown[] = [];
  busy = 0;
  /** How each poll is answered, unless a test does that itself. */
  auto: ((poll: Poll) => void) | undefined;
  onBatch: () => Promise<void> = async () => {};

  constructor(options: Partial<PollerOptions> & { limit?: number } = {}) {
    this.gate = new Gate({
      limit: options.limit ?? 1_024,
      slices: 1,
      backlog: async () => 0,
      most: () => Number.POSITIVE_INFINITY,
      places: new Places(sharedPlaces(1), { queue: 0, slot: 0 }),
    });
    this.poller = new Poller({
      gate: this.gate,
      stats: this.stats,
      batchSize: 16,
      waitSeconds: 30,
      maxConcurrency: 4,
      random: () => 0.5,
      receive: (request) => this.#receive(request),
      onBatch: (messages) => {
        this.batches.push(messages);
        return this.onBatch();
      },
      onError: (error) => this.errors.push(error),
      onBusy: () => {
        this.busy += 1;
      },
      ...options,
    });
  }

  /** The latest one. */
  get last(): Poll {
    const poll = this.polls.at(-1);
    if (poll === undefined) throw new Error('there was no poll');
    return poll;
  }

  /** Answers the first poll, which only proves that MNS answers, so that the long poll is open. */
  async anchored(): Promise<void> {
    this.poller.setPrimary(true);
    await pass(0);
    await this.last.answer(0);
  }

  #receive({ max, waitSeconds, signal }: { max: number; waitSeconds: number; signal: AbortSignal }) {
    return new Promise<ReceivedMessage[]>((resolve, reject) => {
      const end = async (act: () => void) => {
        this.open.delete(poll);
        act();
        await pass(0);
      };
      const poll: Poll = {
        max,
        waitSeconds,
        at: Date.now(),
        signal,
        answer: (messages) => end(() => resolve(Array.from({ length: messages }, message))),
        fail: (error = new Error('ECONNRESET')) => end(() => reject(error)),
      };
      this.open.add(poll);
      this.polls.push(poll);
      signal.addEventListener('abort', () => void poll.fail(new Error('aborted')));
      this.auto?.(poll);
    });
  }
}

export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

let made = 0;

function message(): ReceivedMessage {
  made += 1;
  return {
    messageId: `m-${made}`,
    receiptHandle: `h-${made}`,
    body: '{}',
    enqueueTime: 0,
    firstDequeueTime: 0,
    nextVisibleTime: 0,
    dequeueCount: 1,
    priority: 8,
    receivedAt: Date.now(),
    visibleUntil: Date.now() + 30_000,
  };
}
