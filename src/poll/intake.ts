/**
 * What was received, on its way into the pipeline: captured, decoded, handed off. A step that fails is tried again for
 * as long as the messages are ours; those whose visibility timeout ends meanwhile are let go, and MNS hands them out
 * again.
 */
import type { Acknowledgement } from '../ack/index.js';
import { fullJitter, pause } from '../backoff.js';
import type { ReceivedMessage } from '../mns/index.js';
import type { ReceiptJob } from '../pipeline/index.js';
import { decode, type MessageOrigin } from '../receipts/index.js';
import type { QueueStats } from '../stats.js';
import type { DriftLog } from './drift-log.js';
import type { Stage, Troubles } from './troubles.js';

const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 5_000;
/** `visibleUntil` is early by up to this, because MNS tells its time in whole seconds. */
const CLOCK_GRAIN_MS = 1_000;

export interface IntakeOptions {
  origin: MessageOrigin;
  /** Resolves when the raw messages are safe in a file; absent when nothing is captured. */
  capture?: ((messages: readonly ReceivedMessage[]) => Promise<void>) | undefined;
  /** Resolves when the jobs are in the store, with what can be acknowledged at once. */
  handOff(jobs: readonly ReceiptJob[]): Promise<Acknowledgement[]>;
  onFinished(message: Acknowledgement): void;
  /** MNS forgets messages as soon as they are handed off. */
  onlyHere: boolean;
  stats: QueueStats;
  troubles: Troubles;
  drift: DriftLog;
  /** Aborts when the daemon is about to stop hard. */
  hardStop: AbortSignal;
}

export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** @throws what keeps the messages from being taken in when the daemon stops hard: they stay in MNS. */
  async take(messages: readonly ReceivedMessage[]): Promise<void> {
    const { stats, capture, handOff, onFinished } = this.#options;
    stats.count('redelivered', messages.filter((message) => message.dequeueCount > 1).length);
    let ours = messages;
    if (capture !== undefined) {
      ours = await this.#insist(
        'capture',
        ours,
        (message) => message,
        async (kept) => {
          await capture(kept);
          stats.count('captured', kept.length);
        },
      );
    }
    await this.#insist(
      'hand-off',
      ours.map((message) => this.#job(message)),
      (job) => job.message,
      async (jobs) => {
        const finished = await handOff(jobs);
        stats.count('handed_off', jobs.length);
        for (const message of finished) onFinished(message);
      },
    );
  }

  /** @returns those it was done for: all that were still ours when it worked. */
  async #insist<T>(
    stage: Stage,
    items: readonly T[],
    messageOf: (item: T) => { visibleUntil: number },
    act: (items: readonly T[]) => Promise<void>,
  ): Promise<readonly T[]> {
    const { troubles, hardStop } = this.#options;
    let ours = items;
    for (let attempt = 1; ; attempt += 1) {
      // What MNS hands out again meanwhile is another's by now, who may be done with it and have forgotten it.
      ours = ours.filter((item) => messageOf(item).visibleUntil + CLOCK_GRAIN_MS > Date.now());
      if (ours.length === 0) return ours;
      try {
        await act(ours);
        troubles.clear(stage);
        return ours;
      } catch (error) {
        troubles.report(stage, error);
        if (hardStop.aborted) throw error;
        await pause(fullJitter(attempt, RETRY_BASE_MS, RETRY_CAP_MS), hardStop);
      }
    }
  }

  #job(message: ReceivedMessage): ReceiptJob {
    const { origin, stats, drift } = this.#options;
    const mark = this.#options.onlyHere ? { onlyHere: true as const } : {};
    const { messageId, enqueueTime, dequeueCount, receiptHandle, visibleUntil, receivedAt } = message;
    const envelope = { messageId, enqueueTime, dequeueCount, receiptHandle, visibleUntil, receivedAt };
    const decoded = decode(message, origin);
    if ('undecodable' in decoded) {
      stats.count('undecodable');
      return { message: envelope, content: { undecodable: decoded.body }, ...mark };
    }
    stats.count('decoded', decoded.events.length);
    drift.note(messageId, decoded.drift);
    return { message: envelope, content: { events: decoded.events }, ...mark };
  }
}
