/**
 * One queue: the state machine of mns-http.md §6.
 *
 *   send ──▶ delayed ──▶ visible ──▶ invisible ──▶ deleted
 *     └───────────────────▶ ▲            │ visibility timeout ended: the handle dies, delivered again later
 *                           └────────────┘
 *
 * A message that is not visible has exactly one live handle; a receive or a change of visibility makes a new one and
 * kills the old. Time passes only when somebody looks: every access first moves on what is due.
 */
import { DEFAULT_ATTRIBUTES, type QueueAttributes } from './attributes.js';
import type { Clock } from './clock.js';
import { HiddenHeap } from './hidden-heap.js';
import { createHandle, createMessage, type Message } from './message.js';
import { VisibleList } from './visible-list.js';
import { WaitingRoom } from './waiting-room.js';

export interface QueueOptions extends Partial<QueueAttributes> {
  /** At most 120 letters, digits and hyphens. */
  name: string;
  /** What the queue holds, e.g. `SmsReport`; a token is good for one type. */
  messageType: string;
}

/** Counters of one queue, since it was made. */
export interface QueueCounters {
  visible: number;
  invisible: number;
  delayed: number;
  sent: number;
  /** Messages handed out, redeliveries included. */
  received: number;
  /** Of `received`: those that had been received before. */
  redelivered: number;
  deleted: number;
  /** Dropped at the end of the retention period. */
  expired: number;
  /** Receives that wait now. */
  waiting: number;
}

/** What tests may see of a queue. Live: reading it again gives the state of that moment. */
export interface QueueView extends Readonly<QueueCounters> {
  readonly name: string;
  readonly messageType: string;
  readonly attributes: Readonly<QueueAttributes>;
  /** Every message not deleted yet, oldest first. */
  readonly messages: readonly Readonly<Message>[];
  /** Ids in order of deletion; at least the last 100,000. */
  readonly deletedIds: readonly string[];
  counters(): QueueCounters;
}

const KEEP_DELETED_IDS = 100_000;

export class MessageQueue implements QueueView {
  readonly name: string;
  readonly messageType: string;
  readonly createTime: number;
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
  #attributes: QueueAttributes;
  #visibleCount = 0;
  #delayedCount = 0;
  #deletedIds: string[] = [];
  #nextExpiry = 0;

  constructor(options: QueueOptions, clock: Clock) {
    const { name, messageType, ...attributes } = options;
    this.name = name;
    this.messageType = messageType;
    this.#attributes = { ...DEFAULT_ATTRIBUTES, ...attributes };
    this.#clock = clock;
    this.createTime = clock.now();
    this.lastModifyTime = this.createTime;
    this.#room = new WaitingRoom({ receive: (max) => this.receive(max), untilNext: () => this.#untilNext() });
  }

  get attributes(): Readonly<QueueAttributes> {
    return this.#attributes;
  }

  setAttributes(changes: Partial<QueueAttributes>): void {
    this.#attributes = { ...this.#attributes, ...changes };
    this.lastModifyTime = this.#clock.now();
    this.#nextExpiry = 0;
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
    this.#room.call();
    return message;
  }

  /** Up to `max` messages, which then are invisible; at once, possibly none. */
  receive(max: number): Message[] {
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
    return batch;
  }

  /** Calls `done` with messages as soon as there are any, or none after that time; see {@link WaitingRoom.enter}. */
  wait(max: number, milliseconds: number, done: (messages: Message[] | undefined) => void): () => void {
    return this.#room.enter(max, milliseconds, done);
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
    this.#advance();
    const message = this.#byHandle.get(handle);
    if (message === undefined) return false;
    this.#drop(message);
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
    if (message === undefined) return undefined;
    this.#hidden.remove(message);
    this.#hide(message, now + seconds * 1000);
    this.#room.call();
    return message;
  }

  /** Ends every wait. */
  close(): void {
    this.#room.close();
  }

  get messages(): readonly Readonly<Message>[] {
    this.#advance();
    return Array.from(this.#messages, (message) => ({ ...message }));
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

  #drop(message: Message): void {
    if (message.state === 'visible') this.#visibleCount -= 1;
    if (message.state === 'delayed') this.#delayedCount -= 1;
    message.state = 'gone';
    this.#messages.delete(message);
    this.#byHandle.delete(message.handle);
    this.#hidden.remove(message);
  }
}
