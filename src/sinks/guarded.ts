/** A sink behind its circuit. All slices' queues that share a sink share its circuit as well. */
import type { Logger } from 'pino';
import { maskPhones } from '../mask.js';
import type { EventRecord } from '../receipts/index.js';
import type { SinkSnapshot } from '../stats.js';
import { Circuit, type CircuitOptions } from './circuit.js';
import type { DeliveryContext, Sink } from './sink.js';

export class GuardedSink implements Sink {
  readonly name: string;
  readonly #sink: Sink;
  readonly #circuit: Circuit;
  #delivered = 0;
  #failed = 0;

  constructor(sink: Sink, log: Logger, options: CircuitOptions = {}) {
    this.name = sink.name;
    this.#sink = sink;
    this.#circuit = new Circuit({
      ...options,
      onChange: (problem) => {
        if (problem === undefined) log.info(`sink ${sink.name} works again`);
        else
          log.warn(`sink ${sink.name} is down, deliveries and receiving wait for it: ${maskPhones(problem)}`);
        options.onChange?.(problem);
      },
    });
  }

  /** Why it is down, one line, phone numbers masked; undefined while it works. */
  get problem(): string | undefined {
    const { problem } = this.#circuit;
    return problem === undefined ? undefined : maskPhones(problem);
  }

  /** ms that it has been down; 0 while it works. */
  get downFor(): number {
    return this.#circuit.openFor;
  }

  snapshot(): SinkSnapshot {
    const { name, problem } = this;
    const counts = { circuit: this.#circuit.state, delivered: this.#delivered, failed: this.#failed };
    if (problem === undefined) return { name, state: 'up', ...counts };
    return { name, state: 'down', downSince: Math.round(Date.now() - this.downFor), problem, ...counts };
  }

  wants(messageType: string): boolean {
    return this.#sink.wants(messageType);
  }

  selects(record: EventRecord): boolean {
    return this.#sink.selects?.(record) ?? true;
  }

  /** @throws {SinkDownError} beside what a sink throws: the event is to be given back, no attempt is spent. */
  deliver(record: EventRecord, context: DeliveryContext): Promise<void> {
    return this.#circuit.run(record.id, context.signal, () => this.#attempt(record, context));
  }

  /** Keeps no delivery waiting, for the sink to come back or for others to go with. */
  drain(): void {
    this.#circuit.drain();
    this.#sink.drain?.();
  }

  async reopen(): Promise<void> {
    await this.#sink.reopen?.();
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  async #attempt(record: EventRecord, context: DeliveryContext): Promise<void> {
    try {
      await this.#sink.deliver(record, context);
      this.#delivered += 1;
    } catch (error) {
      this.#failed += 1;
      throw error;
    }
  }
}
