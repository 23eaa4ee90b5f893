/**
 * A stored message and the two names it goes by: an id for life, and a receipt handle for each time it is hidden.
 * Both are a random part of this process and a counter: unique, without drawing random bytes for every message.
 */
import { hash, randomBytes } from 'node:crypto';

export interface Message {
  readonly id: string;
  readonly body: string;
  /** Upper-case hex MD5 of the body text as stored (mns-http.md §6.1). */
  readonly bodyMd5: string;
  /** 1 (served first) to 16. */
  readonly priority: number;
  readonly enqueueTime: number;
  state: 'delayed' | 'visible' | 'invisible' | 'gone';
  /** The one handle that works now; empty while visible. */
  handle: string;
  nextVisibleTime: number;
  firstDequeueTime: number;
  dequeueCount: number;
  /** Owned by the heap of hidden messages. */
  heapIndex: number;
}

/** What tests may see of it. */
export type MessageView = Readonly<Omit<Message, 'heapIndex'>>;

const idPrefix = randomBytes(8).toString('hex').toUpperCase();
const handlePrefix = randomBytes(11).toString('hex');
let lastId = 0;
let lastHandle = 0;

export function createMessage(body: string, priority: number, now: number, id = nextId()): Message {
  return {
    id,
    body,
    bodyMd5: hash('md5', body, 'hex').toUpperCase(),
    priority,
    enqueueTime: now,
    state: 'visible',
    handle: '',
    nextVisibleTime: now,
    firstDequeueTime: now, // equal to EnqueueTime while never received (mns-http.md §6.1)
    dequeueCount: 0,
    heapIndex: -1,
  };
}

function nextId(): string {
  lastId += 1;
  return idPrefix + lastId.toString(16).toUpperCase().padStart(16, '0');
}

/** URL-safe, shaped like the recent real ones (mns-http.md §4). */
export function createHandle(message: Message): string {
  lastHandle += 1;
  return `${message.priority}-${handlePrefix}${lastHandle.toString(36).padStart(12, '0')}`;
}

/** Old handles look like Base64, new ones are alphanumeric: anything else was never a handle (ReceiptHandleError). */
export function looksLikeHandle(text: string): boolean {
  return /^\d{1,2}-[\w+/=-]{8,}$/.test(text);
}
