/**
 * Takes messages out of queues without deleting them, within a limit over all queues, until each queue has nothing new to
 * give; afterwards gives back what is still hidden. A message is handed on once, however often it comes.
 */
import { setMaxListeners } from 'node:events';
import { fullJitter, pause } from '../backoff.js';
import { ReceiptdError, UsageError } from '../errors.js';
import { MnsAuthError, MnsError, MnsHandleError, type ReceivedMessage } from '../mns/index.js';
import { TokenAuthError, TokenConfigError } from '../token/index.js';

/** What one receive answers at most. */
const BATCH = 16;
/** Messages of all queues given back at the same time. */
const RELEASES = 16;
const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 5_000;
/** How much longer a message must be hidden for giving it back to be worth it. */
const WORTH_MS = 1_500;

export interface PullQueue {
  readonly queueName: string;
  readonly messageType: string;
  receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]>;
  release(receiptHandle: string, signal: AbortSignal): Promise<void>;
}

export interface PullOptions<Queue extends PullQueue> {
  queues: readonly Queue[];
  /** Messages over all queues. */
  max: number;
  /** Called with what is new. Resolves with how many of them were taken, the first ones; what it throws ends the pull. */
  onMessages(messages: readonly ReceivedMessage[], queue: Queue): Promise<number>;
  /** Nothing is received any more. */
  ends: AbortSignal;
  /** Receives under way are cut off, which strands what they would have brought until its visibility timeout. */
  cut: AbortSignal;
}

export interface PullOutcome {
  queueName: string;
  messageType: string;
  /** Handed on and taken. */
  messages: number;
  /** The error that the latest receive ended with. */
  problem?: unknown;
}

interface Held<Queue> {
  queue: Queue;
  receiptHandle: string;
  visibleUntil: number;
}

export class Pull<Queue extends PullQueue> {
  readonly #options: PullOptions<Queue>;
  /** Queue by queue, up to now; also what there is when `run` rejects. */
  readonly outcomes: readonly PullOutcome[];
  readonly #held = new Map<string, Held<Queue>>();
  /** Receives under way; they settle when their part of the limit is known. */
  readonly #receiving = new Set<Promise<unknown>>();
  #left: number;
  /** One queue's trouble is everybody's. */
  #stopped = false;

  constructor(options: PullOptions<Queue>) {
    this.#options = options;
    this.#left = options.max;
    this.outcomes = options.queues.map(({ queueName, messageType }) => ({
      queueName,
      messageType,
      messages: 0,
    }));
    // Every queue listens.
    setMaxListeners(0, options.ends, options.cut);
  }

  /** @throws what `onMessages` throws, and a {@link UsageError}, which would meet every queue */
  async run(): Promise<readonly PullOutcome[]> {
    const { queues } = this.#options;
    const drains = this.outcomes.map(async (outcome, at) => {
      const queue = queues[at];
      try {
        if (queue !== undefined) await this.#drain(queue, outcome);
      } catch (error) {
        this.#stopped = true;
        throw error;
      }
    });
    for (const result of await Promise.allSettled(drains)) {
      if (result.status === 'rejected') throw result.reason;
    }
    return this.outcomes;
  }

  /**
   * Gives back what is hidden from others. What cannot be given back comes by itself after its visibility timeout.
   * @returns how many were given back, and how many not
   */
  async release(signal: AbortSignal): Promise<{ released: number; hidden: number }> {
    setMaxListeners(0, signal);
    const hidden = [...this.#held.values()].filter(
      ({ visibleUntil }) => visibleUntil > Date.now() + WORTH_MS,
    );
    const counts = { released: 0, hidden: 0 };
    // One iterator for all: each takes the next.
    const queue = hidden.values();
    const releaseNext = async () => {
      for (const held of queue) {
        const released = !signal.aborted && (await giveBack(held, signal));
        counts[released ? 'released' : 'hidden'] += 1;
      }
    };
    await Promise.all(Array.from({ length: RELEASES }, releaseNext));
    return counts;
  }

  async #drain(queue: Queue, outcome: PullOutcome): Promise<void> {
    const { ends, onMessages } = this.#options;
    for (let failures = 0; !ends.aborted && !this.#stopped; ) {
      const reserved = await this.#reserve();
      if (reserved === 0) break;
      const receiving = this.#receive(queue, reserved);
      this.#receiving.add(receiving);
      const result = await receiving;
      this.#receiving.delete(receiving);
      if ('error' in result) {
        const { error } = result;
        if (error instanceof UsageError) throw error;
        outcome.problem = this.#options.cut.aborted ? (outcome.problem ?? cutOff(error, queue)) : error;
        if (isFinal(error)) break;
        failures += 1;
        await pause(fullJitter(failures, RETRY_BASE_MS, RETRY_CAP_MS), ends);
        continue;
      }
      failures = 0;
      delete outcome.problem;
      // Empty, or so far behind that what has become visible again comes round.
      if (result.fresh.length === 0) break;
      outcome.messages += await onMessages(result.fresh, queue);
    }
  }

  /** Reserves how many may be asked for; 0 once the limit is reached, which is only known when nobody is asking. */
  async #reserve(): Promise<number> {
    while (this.#left === 0 && this.#receiving.size > 0) await Promise.race(this.#receiving);
    const reserved = Math.min(BATCH, this.#left);
    this.#left -= reserved;
    return reserved;
  }

  /** Never rejects. Puts back into the limit what it had no use for. */
  async #receive(queue: Queue, max: number): Promise<{ fresh: ReceivedMessage[] } | { error: unknown }> {
    let used = 0;
    try {
      const fresh: ReceivedMessage[] = [];
      for (const message of await queue.receive(max, this.#options.cut)) {
        const { messageId, receiptHandle, visibleUntil } = message;
        const id = `${queue.queueName} ${messageId}`;
        if (!this.#held.has(id)) fresh.push(message);
        this.#held.set(id, { queue, receiptHandle, visibleUntil });
      }
      used = fresh.length;
      return { fresh };
    } catch (error) {
      return { error };
    } finally {
      this.#left += max - used;
    }
  }
}

/** Trying again changes nothing. A refused token has been replaced before, so it is not the token. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof TokenAuthError ||
    error instanceof TokenConfigError ||
    error instanceof MnsAuthError ||
    (error instanceof MnsError && error.fatal)
  );
}

/** An abort says nothing that helps anybody. */
function cutOff(error: unknown, { queueName }: PullQueue): unknown {
  if (error instanceof ReceiptdError) return error;
  return new ReceiptdError('CAPTURE_NO_ANSWER', `${queueName}: MNS has not answered in time`, {
    cause: error,
  });
}

async function giveBack({ queue, receiptHandle }: Held<PullQueue>, signal: AbortSignal): Promise<boolean> {
  try {
    await queue.release(receiptHandle, signal);
    return true;
  } catch (error) {
    // Its time was over: it is visible, or another's.
    return error instanceof MnsHandleError;
  }
}
