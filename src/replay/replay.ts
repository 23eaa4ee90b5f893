/**
 * A replay: files → sieve → hand off → deliver, the daemon's own pipeline with files in the place of MNS. What is under
 * way is bounded, and when it is settled the files decide how far the replay is: an entry is read once, is under way
 * until it has ended, and is then done with, also over a kill.
 */
import type { Readable } from 'node:stream';
import { ReceiptdError } from '../errors.js';
import { readMessages } from '../message-file/index.js';
import { Deliverer, HandOff } from '../pipeline/index.js';
import type { Sink } from '../sinks/index.js';
import { QueueStats } from '../stats.js';
import type { DeadFile } from './dead-file.js';
import { Handing } from './handing.js';
import { Health } from './health.js';
import { type Clock, type Pace, waitUntil } from './pace.js';
import { reconcile } from './reconcile.js';
import { Settling } from './settling.js';
import { driftText, type Entry, type Sieve, type Verdict } from './sieve.js';
import type { Ending, Known, ReplayState } from './state.js';
import type { Tally } from './tally.js';
import { type UnderWay, Window } from './window.js';

export interface ReplayOptions {
  /** As for `readMessages`, in the order in which they are replayed. */
  files: readonly string[];
  sieve: Sieve;
  state: ReplayState;
  sinks: readonly Sink[];
  tally: Tally;
  dead: DeadFile | undefined;
  pace: Pace;
  clock: Clock;
  concurrency: number;
  attempts: number;
  /** Messages handed off and not yet delivered, at most. */
  maxInFlight: number;
  /** Told how many bytes of the files were read since the last call. */
  onBytes(bytes: number): void;
  /** One line for the user. */
  note(text: string): void;
  /** Aborts when the replay is to stop in good order: deliveries under way end, no others begin. */
  stop: AbortSignal;
  /** Aborts when deliveries under way are to give up. */
  hardStop: AbortSignal;
  stdin?: Readable;
  /** ms between two checkpoints. @default 1000 */
  saveEvery?: number;
  /** ms without a message that ends, after which the store is asked what became of those under way. @default 10000 */
  quietFor?: number;
  /** ms; as for the deliverer. */
  retryBase?: number;
}

const SAVE_EVERY_MS = 1_000;
const QUIET_MS = 10_000;

type Deliverable = Extract<Verdict, { kind: 'message' }>;

export class Replay {
  readonly #options: ReplayOptions;
  readonly #window = new Window();
  readonly #settling: Settling;
  readonly #health: Health;
  readonly #handing: Handing;
  /** Aborts when nothing more is to be handed off, for whatever reason. */
  readonly #ending = new AbortController();
  #known = new Map<string, Known>();
  /** Messages of the run before that ended before their entry was read again. */
  readonly #endedEarly = new Map<string, Ending>();
  readonly #reasons = new Map<string, string>();
  #number = 0;
  #lastEndAt = performance.now();
  #reconciling = false;
  #error: unknown;

  constructor(options: ReplayOptions) {
    const { state, tally, dead, attempts, maxInFlight, note, stop } = options;
    this.#options = options;
    this.#settling = new Settling({ state, tally, dead, window: this.#window }, state.checkpoint);
    this.#health = new Health(note);
    this.#handing = new Handing({
      handOff: new HandOff(state.queue, attempts),
      window: this.#window,
      health: this.#health,
      limit: maxInFlight,
      note,
      signal: this.#ending.signal,
    });
    const end = () => this.#stop();
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  }

  /**
   * Resolves when every message has ended, or the replay was stopped and nothing is under way.
   * @returns whether it came to its end
   * @throws what keeps it from going on; what was done is kept, as after a stop
   */
  async run(): Promise<boolean> {
    const { saveEvery = SAVE_EVERY_MS } = this.#options;
    this.#known = await this.#options.state.known();
    await this.#settling.save();
    const deliverer = this.#deliverer();
    const saving = setInterval(() => this.#keepUp().catch((error) => this.#fail(error)), saveEvery);
    let allRead = false;
    try {
      allRead = await this.#readAll();
      await this.#handing.flush();
      await this.#window.until(() => this.#window.size === 0 || this.#ended);
    } catch (error) {
      this.#fail(error);
    } finally {
      await deliverer.close();
      clearInterval(saving);
    }
    await this.#settling.save().catch((error) => this.#fail(error));
    if (this.#error !== undefined) throw this.#error;
    return allRead && this.#window.size === 0;
  }

  /** Now and then. */
  async #keepUp(): Promise<void> {
    const { state, quietFor = QUIET_MS } = this.#options;
    await this.#settling.save();
    if (this.#reconciling || !this.#handing.idle || performance.now() - this.#lastEndAt < quietFor) return;
    this.#reconciling = true;
    try {
      await reconcile(state.queue, this.#window, (messageId, ending) => this.#end(messageId, ending));
    } catch (error) {
      // A store that is out of reach is waited for.
      if (error instanceof ReceiptdError) throw error;
    } finally {
      this.#reconciling = false;
      this.#lastEndAt = performance.now();
    }
  }

  get #ended(): boolean {
    return this.#ending.signal.aborted;
  }

  #stop(): void {
    this.#ending.abort();
    this.#window.notify();
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#stop();
  }

  /** @returns false when it was ended before */
  async #readAll(): Promise<boolean> {
    const { files, sieve, onBytes, stdin } = this.#options;
    const { signal } = this.#ending;
    for (const file of files) {
      sieve.nextFile();
      try {
        for await (const batch of readMessages(file, { onBytes, signal, ...(stdin && { stdin }) })) {
          for (const entry of batch) {
            // Only what is handed off waits: to read what was done before, or is not meant, takes no turn.
            const handing = this.#take(entry);
            if (handing !== undefined) await handing;
            if (this.#ended) return false;
          }
          await this.#handing.flush();
        }
      } catch (error) {
        if (this.#ended) return false;
        throw error;
      }
    }
    return true;
  }

  #take(entry: Entry): Promise<void> | undefined {
    const number = this.#number + 1;
    const verdict = this.#options.sieve.judge(entry);
    if (this.#settling.isDone(number)) {
      this.#number = number;
      return undefined;
    }
    if (verdict.kind === 'message') return this.#deliver(verdict, entry, number);
    this.#dismiss(verdict, entry);
    this.#hasRead(number);
    return undefined;
  }

  /** What does not reach the pipeline. */
  #dismiss(verdict: Exclude<Verdict, Deliverable>, { at }: Entry): void {
    const { tally } = this.#options;
    if (verdict.kind === 'filtered') tally.filtered += 1;
    else if (verdict.kind === 'duplicate') tally.duplicates += 1;
    else if (verdict.kind === 'unreadable') tally.unreadable(at, verdict.reason);
    else this.#settling.fail(verdict.message, 'undecodable', at, verdict.reason);
  }

  #hasRead(number: number): void {
    this.#number = number;
    this.#settling.hasRead(number);
  }

  async #deliver({ message, events, drift }: Deliverable, { at }: Entry, number: number): Promise<void> {
    const { sinks, pace, clock } = this.#options;
    const underWay: UnderWay = { message, at, number, drift: driftText(drift) };
    const known = this.#known.get(message.messageId);
    if (known !== undefined) return this.#takeUp(underWay, known);
    if (!sinks.some((sink) => sink.wants(message.messageType))) {
      const advice = `add it to a sink's types, or name the types to replay with --type`;
      this.#settling.fail(message, 'failed', at, `no sink takes ${message.messageType}: ${advice}`);
      this.#hasRead(number);
      return;
    }
    const due = pace.due(clock.now(), message.receivedAt || undefined);
    if (due > clock.now()) await this.#handing.flush();
    await waitUntil(due, clock, this.#ending.signal);
    await this.#handing.room();
    if (this.#ended) return;
    this.#hasRead(number);
    await this.#handing.add(underWay, events);
  }

  /** A message that the run before had handed off: it is in the store, finished or not. */
  #takeUp(underWay: UnderWay, known: Known): void {
    const { messageId } = underWay.message;
    this.#known.delete(messageId);
    this.#window.add(underWay);
    this.#hasRead(underWay.number);
    const ending = known === 'open' ? this.#endedEarly.get(messageId) : known;
    this.#endedEarly.delete(messageId);
    if (ending !== undefined) this.#settling.end(underWay, ending);
  }

  #deliverer(): Deliverer {
    const { state, sinks, concurrency, attempts, hardStop, retryBase } = this.#options;
    return new Deliverer({
      backend: state.backend,
      queue: state.queue,
      // Of the queue alone: each job's events say where they come from.
      origin: { mnsHost: 'replay', queueName: state.queueName, messageType: '' },
      sinks,
      concurrency,
      attempts,
      dedupe: state.dedupe,
      stats: new QueueStats(),
      onDelivered: () => {
        this.#health.delivered();
        this.#window.notify();
      },
      onRetry: (error, messageId) => this.#health.failed(messageId, error),
      onDead: (messageId, reason) => {
        this.#reasons.set(messageId, reason);
        // Otherwise it has been heard of at each attempt before the last.
        if (attempts === 1) this.#health.failed(messageId, reason);
      },
      onFinished: ({ messageId }) => this.#finished(messageId),
      // The worker goes on by itself; a store that stays away shows when messages are handed off.
      onError: () => {},
      signal: hardStop,
      ...(retryBase !== undefined && { retryBase }),
    });
  }

  #finished(messageId: string): void {
    const reason = this.#reasons.get(messageId);
    this.#reasons.delete(messageId);
    this.#end(messageId, reason === undefined ? 'delivered' : { failed: reason });
  }

  #end(messageId: string, ending: Ending): void {
    this.#lastEndAt = performance.now();
    const underWay = this.#window.get(messageId);
    if (underWay === undefined) {
      // Of the run before, or told twice.
      if (this.#known.get(messageId) === 'open') this.#endedEarly.set(messageId, ending);
      return;
    }
    try {
      this.#settling.end(underWay, ending);
    } catch (error) {
      this.#fail(error);
    }
  }
}
