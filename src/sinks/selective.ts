/** A sink that takes only some of the events of its types. */
import type { EventRecord } from '../receipts/index.js';
import type { DeliveryContext, Sink } from './sink.js';

export class SelectiveSink implements Sink {
  readonly name: string;
  readonly selects: (record: EventRecord) => boolean;
  readonly #sink: Sink;

  constructor(sink: Sink, selects: (record: EventRecord) => boolean) {
    this.name = sink.name;
    this.selects = selects;
    this.#sink = sink;
  }

  wants(messageType: string): boolean {
    return this.#sink.wants(messageType);
  }

  deliver(record: EventRecord, context: DeliveryContext): Promise<void> {
    return this.#sink.deliver(record, context);
  }

  drain(): void {
    this.#sink.drain?.();
  }

  async reopen(): Promise<void> {
    await this.#sink.reopen?.();
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}
