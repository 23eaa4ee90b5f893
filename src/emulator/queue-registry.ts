/** The queues by name: unique, and named as MNS allows (mns-http.md §5.1). */
import type { Clock } from './clock.js';
import { MnsError } from './mns-error.js';
import { MessageQueue, type QueueOptions } from './queue.js';

export class QueueRegistry {
  readonly #clock: Clock;
  readonly #queues = new Map<string, MessageQueue>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  create(options: QueueOptions): MessageQueue {
    const { name } = options;
    if (name.length < 1 || name.length > 120) throw new MnsError('QueueNameLengthError');
    if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name)) throw new MnsError('InvalidQueueName');
    if (this.#queues.has(name)) throw new MnsError('QueueAlreadyExist');
    const queue = new MessageQueue(options, this.#clock);
    this.#queues.set(name, queue);
    return queue;
  }

  find(name: string): MessageQueue | undefined {
    return this.#queues.get(name);
  }

  get(name: string): MessageQueue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new MnsError('QueueNotExist');
    return queue;
  }

  delete(name: string): void {
    this.get(name).close();
    this.#queues.delete(name);
  }

  /** In order of creation. */
  all(): MessageQueue[] {
    return [...this.#queues.values()];
  }
}
