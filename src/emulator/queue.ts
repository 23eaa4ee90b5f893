/**
 * One queue: the state machine of mns-http.md §6.
 *
 *   send ──▶ delayed ──▶ visible ──▶ invisible ──▶ deleted
 *     └───────────────────▶ ▲            │ visibility timeout ended: the handle dies, delivered again later
 *                           └────────────┘
 *
 * A message that is not visible has exactly one live handle; a receive or a change of visibility makes a new one and
 * kills the old. Time passes only when somebody looks: every access first moves on what is due.
 *
 * A message that a fault duplicates is the exception: handed out, it stays visible and its handle lives. Deleting it
 * under that handle is confirmed but only ends the handle, so that the message is delivered twice whatever comes first.
 */
import { DEFAULT_ATTRIBUTES, type QueueAttributes } from './attributes.js';
import type { Clock } from './clock.js';
import { HiddenHeap } from './hidden-heap.js';
import { createHandle, createMessage, type Message, type MessageView } from './message.js';
import type { QueueLog, SavedQueue } from './queue-log.js';
import { messageTypeOf, type QueueCounters, type QueueOptions, type QueueView } from './queue-view.js';
import { VisibleList } from './visible-list.js';
import { WaitingRoom } from './waiting-room.js';

const KEEP_DELETED_IDS = 100_000;

export class MessageQueue implements QueueView {
  readonly name: string;
  readonly messageType: string;
  createTime: number;
  lastModifyTime: number;
  sent = 0;
  received = 0;
  redelivered = 0;
  deleted = 0;
  expired = 0;
  readonly #clock: Clock;
  readonly #messages = new Set<Message>();
  readonly #visible = new VisibleList<Message>();
  readonly #hidden = new HiddenHeap<Message>();
  readonly #byHandle = new Map<string, Message>();
  readonly #room: WaitingRoom;
  readonly #log: QueueLog | undefined;
  #attributes: QueueAttributes;
  #visibleCount = 0;
  #delayedCount = 0;
  #deletedIds: string[] = [];
  #nextExpiry = 0;

  constructor(options: QueueOptions, clock: Clock, log?: QueueLog) {
    const { name, messageType = messageTypeOf(name), ...attributes } = options;
    this.name = name;
    this.messageType = messageType;
    this.#attributes = { ...DEFAULT_ATTRIBUTES, ...attributes };
    this.#clock = clock;
    this.#log = log;
    this.createTime = clock.now();
    this.lastModifyTime = this.createTime;
    this.#room = new WaitingRoom({
      receive: (max, duplicate) => this.receive(max, duplicate),
      untilNext: () => this.#untilNext(),
    });
  }

  /** A queue as it was saved, moved on to the present time. */
  static restore(saved: SavedQueue, clock: Clock, log?: QueueLog): MessageQueue {
    const { name, messageType, attributes, deletedIds, messages, ...numbers } = saved;
    const queue = new MessageQueue({ name, messageType, ...attributes }, clock, log);
    Object.assign(queue, numbers);
    queue.#deletedIds = deletedIds.slice(-2 * KEEP_DELETED_IDS);
    const now = clock.now();
    for (const message of messages) queue.#adopt(message, now);
    return queue;
  }

  get attributes(): Readonly<QueueAttributes> {
    return this.#attributes;
  }

  setAttributes(changes: Partial<QueueAttributes>): void {
    this.#attributes = { ...this.#attributes, ...changes };
    this.lastModifyTime = this.#clock.now();
    this.#nextExpiry = 0;
    this.#log?.attributesSet(this);
  }

  send(body: string, priority = 8, delaySeconds = this.#attributes.delaySeconds): Message {
    const now = this.#advance();
    const message = createMessage(body, priority, now);
    this.sent += 1;
    this.#messages.add(message);
    if (delaySeconds > 0) {
      message.state = 'delayed';
      this.#delayedCount += 1;
      this.#hide(message, now + delaySeconds * 1000);
    } else {
      this.#show(message);
    }
    this.#log?.sent(this, message);
    this.#room.call();
    return message;
  }

  /**
   * Up to `max` messages, which then are invisible; at once, possibly none.
   * @param duplicate those that come for the first time will come once more, whatever happens to them
   */
  receive(max: number, duplicate = false): Message[] {
    const now = this.#advance();
    const batch: Message[] = [];
    while (batch.length < max) {
      const message = this.#visible.take();
      if (message === undefined) break;
      this.#visibleCount -= 1;
      message.state = 'invisible';
      if (message.dequeueCount === 0) message.firstDequeueTime = now;
      else this.redelivered += 1;
      message.dequeueCount += 1;
      this.#hide(message, now + this.#attributes.visibilityTimeout * 1000);
      batch.push(message);
    }
    this.received += batch.length;
    if (duplicate) for (const message of batch) if (message.dequeueCount === 1) this.#showAgain(message);
    if (batch.length > 0) this.#log?.hidden(this, batch);
    return batch;
  }

  /** Calls `done` with messages as soon as there are any, or none after that time; see {@link WaitingRoom.enter}. */
  wait(
    max: number,
    milliseconds: number,
    duplicate: boolean,
    done: (messages: Message[] | undefined) => void,
  ): () => void {
    return this.#room.enter({ max, milliseconds, duplicate, done });
  }

  /** The clock was set: what is due may have changed for those who wait. */
  clockChanged(): void {
    this.#nextExpiry = 0;
    this.#room.call();
  }

  peek(max: number): Message[] {
    this.#advance();
    const batch: Message[] = [];
    for (const message of this.#visible) {
      if (batch.push(message) >= max) break;
    }
    return batch;
  }

  /** False when the handle is unknown, replaced or past its visibility timeout: nothing is deleted then. */
  delete(handle: string): boolean {
    const now = this.#advance();
    const message = this.#byHandle.get(handle);
    if (message === undefined) return false;
    if (message.state === 'visible') {
      this.#byHandle.delete(handle);
      message.handle = '';
      return message.nextVisibleTime > now;
    }
    this.#drop(message);
    this.#log?.deleted(this, message);
    this.deleted += 1;
    if (this.#deletedIds.push(message.id) >= 2 * KEEP_DELETED_IDS) {
      this.#deletedIds = this.#deletedIds.slice(-KEEP_DELETED_IDS);
    }
    return true;
  }

  /** The message with its new handle, hidden for `seconds` from now; undefined as for {@link delete}. */
  changeVisibility(handle: string, seconds: number): Message | undefined {
    const now = this.#advance();
    const message = this.#byHandle.get(handle);
    if (message === undefined || message.state === 'visible') return undefined;
    this.#hidden.remove(message);
    this.#hide(message, now + seconds * 1000);
    this.#log?.hidden(this, [message]);
    this.#room.call();
    return message;
  }

  /** Ends every wait. */
  close(): void {
    this.#room.close();
  }

  get messages(): readonly MessageView[] {
    this.#advance();
    return Array.from(this.#messages, ({ heapIndex: _, ...message }) => message);
  }

  get visible(): number {
    this.#advance();
    return this.#visibleCount;
  }

  get invisible(): number {
    this.#advance();
    return this.#messages.size - this.#visibleCount - this.#delayedCount;
  }

  get delayed(): number {
    this.#advance();
    return this.#delayedCount;
  }

  get waiting(): number {
    return this.#room.size;
  }

  get deletedIds(): readonly string[] {
    return [...this.#deletedIds];
  }

  counters(): QueueCounters {
    const { visible, invisible, delayed, sent, received, redelivered, deleted, expired, waiting } = this;
    return { visible, invisible, delayed, sent, received, redelivered, deleted, expired, waiting };
  }

  /** Moves on everything that is due by now. */
  #advance(): number {
    const now = this.#clock.now();
    if (now >= this.#nextExpiry) this.#expire(now);
    let first = this.#hidden.first;
    while (first !== undefined && first.nextVisibleTime <= now) {
      this.#hidden.remove(first);
      this.#byHandle.delete(first.handle);
      first.handle = '';
      if (first.state === 'delayed') this.#delayedCount -= 1;
      this.#show(first);
      first = this.#hidden.first;
    }
    return now;
  }

  /** Drops what is past its retention. Messages are kept in order of age, so it stops at the first young one. */
  #expire(now: number): void {
    const retention = this.#attributes.messageRetentionPeriod * 1000;
    this.#nextExpiry = now + retention;
    for (const message of this.#messages) {
      if (message.enqueueTime + retention > now) {
        this.#nextExpiry = message.enqueueTime + retention;
        break;
      }
      this.#drop(message);
      this.expired += 1;
      this.#log?.expired(this, message);
    }
  }

  #untilNext(): number | undefined {
    const next = this.#hidden.first?.nextVisibleTime;
    return next === undefined ? undefined : next - this.#clock.now();
  }

  #show(message: Message): void {
    message.state = 'visible';
    this.#visibleCount += 1;
    this.#visible.add(message);
  }

  #hide(message: Message, until: number): void {
    this.#byHandle.delete(message.handle);
    message.handle = createHandle(message);
    message.nextVisibleTime = until;
    this.#byHandle.set(message.handle, message);
    this.#hidden.add(message);
  }

  /** Of the messages just received: back among the visible ones, the handle still good. */
  #showAgain(message: Message): void {
    this.#hidden.remove(message);
    this.#show(message);
  }

  #adopt(message: Message, now: number): void {
    this.#messages.add(message);
    if (message.handle === '' || message.nextVisibleTime <= now) {
      message.handle = '';
      this.#show(message);
      return;
    }
    if (message.state === 'delayed') this.#delayedCount += 1;
    this.#byHandle.set(message.handle, message);
    this.#hidden.add(message);
  }

  #drop(message: Message): void {
    const { state } = message;
    message.state = 'gone';
    if (state === 'delayed') this.#delayedCount -= 1;
    if (state === 'visible') {
      this.#visibleCount -= 1;
      this.#visible.forget(message);
    }
    this.#messages.delete(message);
    this.#byHandle.delete(message.handle);
    this.#hidden.remove(message);
  }
}
