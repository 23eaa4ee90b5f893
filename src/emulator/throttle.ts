/**
 * The limits that a consumer meets under load (mns-http.md §7, §10). Off unless set, but for the one on messages that
 * are received and never deleted: that one tells a consumer that loses its deletes.
 */
import type { Clock } from './clock.js';
import { MnsError } from './mns-error.js';
import type { MnsOperation } from './operations.js';
import type { MessageQueue } from './queue.js';
import { between, seededRandom } from './seeded-random.js';
import type { Settings } from './settings.js';

const RECEIVES: ReadonlySet<MnsOperation> = new Set(['ReceiveMessage', 'BatchReceiveMessage']);

export class Throttle {
  readonly #settings: Readonly<Settings>;
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Messages that may still pass now: filled at the permitted rate, up to a second's worth; may be overdrawn. */
  #allowance = 0;
  #filledAt = Number.NEGATIVE_INFINITY;
  #second = 0;
  #askedThisSecond = new Map<string, number>();

  constructor(settings: Readonly<Settings>, clock: Clock, seed: number) {
    this.#settings = settings;
    this.#clock = clock;
    this.#random = seededRandom(seed, -2);
  }

  /**
   * @returns undefined to let the request pass, or milliseconds to hold it before 429 TooManyRequests
   * @throws {MnsError} QpsLimitExceeded, which is answered at once
   */
  admit(operation: MnsOperation, queue: MessageQueue | undefined): number | undefined {
    const { maxTps, maxInFlight, throttleHold } = this.#settings;
    if (queue !== undefined) this.#countRequest(queue.name);
    const full = queue !== undefined && RECEIVES.has(operation) && queue.invisible >= maxInFlight;
    if (!full && (maxTps === Number.POSITIVE_INFINITY || this.#take(maxTps))) return undefined;
    return between(this.#random, throttleHold[0], throttleHold[1]);
  }

  /** A batch counts once a message; how many it moved is known only afterwards. */
  charge(messages: number): void {
    // Without a limit nothing is filled either: what passes now must not be paid for when there is one again.
    if (messages > 1 && this.#settings.maxTps !== Number.POSITIVE_INFINITY) this.#allowance -= messages - 1;
  }

  #take(perSecond: number): boolean {
    const now = this.#clock.now();
    const elapsed = Math.max(now - this.#filledAt, 0);
    this.#allowance = Math.min(this.#allowance + (elapsed / 1000) * perSecond, perSecond);
    this.#filledAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }

  #countRequest(queueName: string): void {
    const { maxQueueQps } = this.#settings;
    if (maxQueueQps === Number.POSITIVE_INFINITY) return;
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#askedThisSecond = new Map();
    }
    const asked = (this.#askedThisSecond.get(queueName) ?? 0) + 1;
    this.#askedThisSecond.set(queueName, asked);
    if (asked > maxQueueQps) throw new MnsError('QpsLimitExceeded');
  }
}
