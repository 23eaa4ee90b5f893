/**
 * Feeds a queue with sample receipts at a steady rate. Receipt `k` is due `k / rate` seconds after the start, whatever the
 * timers do, so the rate does not drift; receipts go out every few milliseconds, not once a second in a heap. After a stall
 * it catches up within bounds: never more than a tenth of a second's worth at once, and what is more than ten seconds late
 * is let go. It lets go as well what would find the queue full (nobody drains it) or deleted, so memory has a bound.
 */
import { ReceiptdError, UsageError } from '../errors.js';
import type { Emulator } from './emulator.js';
import { SAMPLE_VARIANTS, sampleReceipt } from './samples/index.js';

/** Receipts a second. */
export const MAX_RATE = 10_000;
/** ms; timers are not asked for more often. */
const TICK = 10;
/** ms; timers take no longer time than some weeks, and a rate may be lower than that. */
const LONGEST_WAIT = 10_000;
/** ms; how much may go out at once. */
const BURST = 100;
/** ms; what is later than this is let go. */
const PATIENCE = 10_000;

export interface GenerateOptions {
  /** The message type, or a sample in another shape: `SmsReport@intl`. */
  type: string;
  /** Receipts a second, above 0 and up to 10,000; fractions are fine. */
  rate: number;
  /**
   * Where they go; made when it is not there.
   * @default `Alicom-Queue-1234567890123456-TYPE`
   */
  queue?: string;
  /** 0 to 999,999; part of every business id. `cloud.generate()` takes 0. @default 1 */
  run?: number;
  /** While the queue holds as many messages nothing is added. @default 100,000 */
  maxBacklog?: number;
  /** Told when the queue becomes full, and when it no longer is. */
  onFull?: (full: boolean) => void;
  /** @default this machine's clock and timers */
  time?: GeneratorTime;
}

/** The passing of time, so that tests can do without. */
export interface GeneratorTime {
  /** ms since the epoch: what the receipts tell, moved as the emulator's clock is. */
  now(): number;
  /** ms that only grow, from any beginning: what the rate goes by. */
  elapsed(): number;
  /** Calls once after `ms`; the function returned calls it off. */
  after(ms: number, call: () => void): () => void;
}

export interface Generating extends AsyncDisposable {
  /** The queue it feeds. */
  readonly queue: string;
  /** Receipts sent so far. */
  readonly sent: number;
  /** No receipt follows. May be called again. */
  stop(): void;
}

/** What generating needs of an emulator. */
export type GenerateTarget = Pick<
  Emulator,
  'hasQueue' | 'createQueue' | 'queue' | 'send' | 'settings' | 'closed'
>;

/** The queue that Cloud Communications would make for a type, of an account that nobody has. */
export function queueNameOf(type: string): string {
  return `Alicom-Queue-1234567890123456-${typeOfSample(type)}`;
}

/** `SmsReport@intl` → `SmsReport` */
export function typeOfSample(type: string): string {
  return type.replace(/@.*$/, '');
}

/**
 * The first receipt is sent at once, later ones from timers until it is stopped or the emulator is closed.
 * Numbers go on where an earlier generator of the same type and run stopped, so all business ids of an emulator differ,
 * and generators of related types (`VoiceReport` and `VoiceCallReport`) tell of the same calls.
 *
 * @throws UsageError for a rate or a shape that does not exist, ReceiptdError for a queue of another type
 */
export function startGenerating(cloud: GenerateTarget, options: GenerateOptions): Generating {
  const { type, rate, queue = queueNameOf(type) } = options;
  if (!(rate > 0 && rate <= MAX_RATE)) {
    throw new UsageError('EMULATOR_RATE', `${type}: a rate is above 0 and at most ${MAX_RATE}, not ${rate}`);
  }
  if (type.includes('@') && !SAMPLE_VARIANTS.includes(type)) {
    throw new UsageError(
      'EMULATOR_SAMPLE',
      `no samples are called ${type}; there is ${SAMPLE_VARIANTS.join(', ')}`,
    );
  }
  if (!cloud.hasQueue(queue)) cloud.createQueue({ name: queue, messageType: typeOfSample(type) });
  const held = cloud.queue(queue).messageType;
  if (held !== typeOfSample(type)) {
    throw new ReceiptdError('EMULATOR_QUEUE', `queue ${queue} holds ${held}, not ${typeOfSample(type)}`);
  }
  return new Generator(cloud, queue, options);
}

class Generator implements Generating {
  readonly queue: string;
  sent = 0;
  readonly #cloud: GenerateTarget;
  readonly #type: string;
  readonly #rate: number;
  readonly #run: number;
  readonly #maxBacklog: number;
  readonly #onFull: (full: boolean) => void;
  readonly #time: GeneratorTime;
  readonly #numbers: { next: number };
  #started: number;
  /** Receipts of the schedule that are done with: sent or let go. */
  #past = 0;
  #full = false;
  #stopped = false;
  #callOff: () => void = () => {};

  constructor(cloud: GenerateTarget, queue: string, options: GenerateOptions) {
    this.queue = queue;
    this.#cloud = cloud;
    this.#type = options.type;
    this.#rate = options.rate;
    this.#run = options.run ?? 1;
    this.#maxBacklog = options.maxBacklog ?? 100_000;
    this.#onFull = options.onFull ?? (() => {});
    this.#time = options.time ?? machineTime;
    this.#numbers = numbersOf(cloud, `${this.#run} ${this.#type}`);
    this.#started = this.#time.elapsed();
    this.#tick();
  }

  stop(): void {
    this.#stopped = true;
    this.#callOff();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  #tick(): void {
    if (this.#stopped || this.#cloud.closed) return;
    const now = this.#time.elapsed();
    if (now - this.#dueAt(this.#past) > PATIENCE) {
      this.#started = now - PATIENCE;
      this.#past = 0;
    }
    const due = Math.floor(((now - this.#started) * this.#rate) / 1000) + 1 - this.#past;
    const batch = Math.min(due, Math.max(1, Math.floor((this.#rate * BURST) / 1000)));
    if (batch > 0) {
      this.#past += batch;
      this.#send(Math.min(batch, this.#room()));
    }
    // A listener may have stopped it.
    if (this.#stopped) return;
    const wait = Math.ceil(this.#dueAt(this.#past) - this.#time.elapsed());
    this.#callOff = this.#time.after(Math.min(LONGEST_WAIT, Math.max(TICK, wait)), () => this.#tick());
  }

  /** When that receipt of the schedule is due, on the clock of the schedule. */
  #dueAt(k: number): number {
    return this.#started + (k * 1000) / this.#rate;
  }

  /** How many messages the queue takes. */
  #room(): number {
    if (!this.#cloud.hasQueue(this.queue)) return 0;
    const { visible, invisible, delayed } = this.#cloud.queue(this.queue).counters();
    const room = Math.max(0, this.#maxBacklog - visible - invisible - delayed);
    if (this.#full !== (room === 0)) {
      this.#full = room === 0;
      this.#onFull(this.#full);
    }
    return room;
  }

  #send(count: number): void {
    const at = this.#time.now() + this.#cloud.settings.clockOffset;
    for (let i = 0; i < count; i++) {
      this.#cloud.send(this.queue, sampleReceipt(this.#type, this.#numbers.next, at, this.#run));
      this.#numbers.next += 1;
      this.sent += 1;
    }
  }
}

const machineTime: GeneratorTime = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    // What is generated is for whoever asks the emulator, which keeps the process alive.
    timer.unref();
    return () => clearTimeout(timer);
  },
};

const numbers = new WeakMap<GenerateTarget, Map<string, { next: number }>>();

/** The number of the next sample, shared by all generators of that kind. */
function numbersOf(cloud: GenerateTarget, kind: string): { next: number } {
  const kinds = numbers.get(cloud) ?? new Map<string, { next: number }>();
  numbers.set(cloud, kinds);
  const found = kinds.get(kind) ?? { next: 0 };
  kinds.set(kind, found);
  return found;
}
