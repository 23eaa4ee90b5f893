/**
 * The lines of the journal, and what they add up to. A line is one change of one queue; read in order from the start
 * they give the state at the end. Whether a message is visible is not written: it follows from the time.
 */
import type { QueueAttributes } from './attributes.js';
import { createMessage, type Message, type MessageView } from './message.js';
import type { MessageQueue } from './queue.js';
import type { SavedQueue } from './queue-log.js';

export const JOURNAL_FORMAT = 'receiptd-emulator/1';

interface Sent {
  q: string;
  id: string;
  body: string;
  priority: number;
  at: number;
  /** The rest only if it is, or was, hidden. */
  handle?: string;
  until?: number;
  first?: number;
  count?: number;
}

/** Id, handle, visible again at, times received, first received at. */
type Hidden = [id: string, handle: string, until: number, count: number, first: number];

export type Entry =
  | { t: 'format'; format: string }
  | ({ t: 'queue' } & Omit<SavedQueue, 'messages'>)
  | { t: 'attributes'; q: string; attributes: QueueAttributes; at: number }
  | { t: 'removed'; q: string }
  | ({ t: 'sent' } & Sent)
  /** As `sent`, in a snapshot: counted already. */
  | ({ t: 'kept' } & Sent)
  | { t: 'hidden'; q: string; m: Hidden[] }
  | { t: 'deleted'; q: string; id: string }
  | { t: 'expired'; q: string; id: string };

export function queueEntry(queue: MessageQueue): Entry {
  const { name, messageType, createTime, lastModifyTime, sent, received, redelivered, deleted, expired } =
    queue;
  return {
    t: 'queue',
    name,
    messageType,
    attributes: queue.attributes,
    createTime,
    lastModifyTime,
    sent,
    received,
    redelivered,
    deleted,
    expired,
    deletedIds: [...queue.deletedIds],
  };
}

export function messageEntry(t: 'sent' | 'kept', q: string, message: MessageView): Entry {
  const { id, body, priority, enqueueTime: at, handle, dequeueCount: count } = message;
  const { nextVisibleTime: until, firstDequeueTime: first } = message;
  const hidden = message.state === 'visible' ? {} : { handle, until };
  return { t, q, id, body, priority, at, ...hidden, ...(count > 0 && { count, first }) };
}

export function hiddenEntry(q: string, messages: readonly Message[]): Entry {
  return {
    t: 'hidden',
    q,
    // A duplicated message is visible although it was received: after a restart it is delivered at once.
    m: messages.map(({ id, handle, nextVisibleTime, dequeueCount, firstDequeueTime, state }) =>
      state === 'visible'
        ? [id, '', 0, dequeueCount, firstDequeueTime]
        : [id, handle, nextVisibleTime, dequeueCount, firstDequeueTime],
    ),
  };
}

interface Draft extends SavedQueue {
  messages: Iterable<Message>;
  readonly byId: Map<string, Message>;
}

export class JournalState {
  readonly #queues = new Map<string, Draft>();

  /** @throws {Error} when the entry does not follow from what was read before */
  apply(entry: Entry): void {
    if (entry.t === 'format') {
      if (entry.format !== JOURNAL_FORMAT) throw new Error(`its format is ${entry.format}`);
      return;
    }
    if (entry.t === 'queue') {
      const { t, ...queue } = entry;
      const byId = new Map<string, Message>();
      this.#queues.set(queue.name, { ...queue, byId, messages: byId.values() });
      return;
    }
    const queue = this.#queues.get(entry.q);
    if (queue === undefined) throw new Error(`it speaks of queue ${entry.q}, which it does not know`);
    switch (entry.t) {
      case 'attributes':
        queue.attributes = entry.attributes;
        queue.lastModifyTime = entry.at;
        break;
      case 'removed':
        this.#queues.delete(entry.q);
        break;
      case 'sent':
        queue.sent += 1;
        queue.byId.set(entry.id, messageOf(entry));
        break;
      case 'kept':
        queue.byId.set(entry.id, messageOf(entry));
        break;
      case 'hidden':
        for (const item of entry.m) hide(queue, item);
        break;
      case 'deleted':
        queue.byId.delete(entry.id);
        queue.deleted += 1;
        queue.deletedIds.push(entry.id);
        break;
      case 'expired':
        queue.byId.delete(entry.id);
        queue.expired += 1;
        break;
      default:
        throw new Error(`unknown entry ${String((entry as { t?: unknown }).t)}`);
    }
  }

  queues(): SavedQueue[] {
    return Array.from(this.#queues.values(), ({ byId, ...queue }) => ({ ...queue, messages: byId.values() }));
  }
}

function messageOf({ id, body, priority, at, handle, until, first, count }: Sent): Message {
  const message = createMessage(body, priority, at, id);
  message.handle = handle ?? '';
  if (handle !== undefined) message.state = count === undefined ? 'delayed' : 'invisible';
  message.nextVisibleTime = until ?? at;
  message.dequeueCount = count ?? 0;
  message.firstDequeueTime = first ?? at;
  return message;
}

function hide(queue: Draft, [id, handle, until, count, first]: Hidden): void {
  const message = queue.byId.get(id);
  if (message === undefined) return;
  if (count > message.dequeueCount) {
    queue.received += 1;
    if (count > 1) queue.redelivered += 1;
  }
  message.state = count > 0 ? 'invisible' : 'delayed';
  message.handle = handle;
  message.nextVisibleTime = until;
  message.dequeueCount = count;
  message.firstDequeueTime = first;
}
