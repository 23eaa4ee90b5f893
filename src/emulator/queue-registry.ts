/** The queues by name: unique, and named as MNS allows (mns-http.md §5.1). */
import type { Clock } from './clock.js';
import { MnsError } from './mns-error.js';
import { MessageQueue } from './queue.js';
import type { QueueLog, SavedQueue } from './queue-log.js';
import type { QueueOptions } from './queue-view.js';
import type { Settings } from './settings.js';

/** Told of queues that come and go, besides what happens in them. */
export interface RegistryLog extends QueueLog {
  created(queue: MessageQueue): void;
  removed(queueName: string): void;
}

export class QueueRegistry {
  readonly #clock: Clock;
  readonly #settings: Readonly<Pick<Settings, 'recreateDelay'>>;
  readonly #log: RegistryLog | undefined;
  readonly #queues = new Map<string, MessageQueue>();
  /** Name → when it was deleted; in order of time. */
  readonly #deletedAt = new Map<string, number>();

  constructor(clock: Clock, settings: Readonly<Pick<Settings, 'recreateDelay'>>, log?: RegistryLog) {
    this.#clock = clock;
    this.#settings = settings;
    this.#log = log;
  }

  restore(saved: SavedQueue): void {
    this.#queues.set(saved.name, MessageQueue.restore(saved, this.#clock, this.#log));
  }

  create(options: QueueOptions): MessageQueue {
    const { name } = options;
    if (name.length < 1 || name.length > 120) throw new MnsError('QueueNameLengthError');
    if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name)) throw new MnsError('InvalidQueueName');
    if (this.#queues.has(name)) throw new MnsError('QueueAlreadyExist', 'it already exists');
    const queue = new MessageQueue(options, this.#clock, this.#log);
    this.#queues.set(name, queue);
    this.#log?.created(queue);
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
    this.deletedRecently(name);
    this.#queues.delete(name);
    this.#log?.removed(name);
    this.#deletedAt.delete(name);
    this.#deletedAt.set(name, this.#clock.now());
  }

  /** Whether the name must rest before it is used again; forgets those that have rested. Only for clients: code in this process may do as it likes. */
  deletedRecently(name: string): boolean {
    const before = this.#clock.now() - this.#settings.recreateDelay * 1000;
    for (const [old, time] of this.#deletedAt) {
      if (time > before) break;
      this.#deletedAt.delete(old);
    }
    return this.#deletedAt.has(name);
  }

  /** Receives that wait now, over all queues. */
  get waiting(): number {
    let waiting = 0;
    for (const queue of this.#queues.values()) waiting += queue.waiting;
    return waiting;
  }

  /** In order of creation. */
  all(): MessageQueue[] {
    return [...this.#queues.values()];
  }
}
