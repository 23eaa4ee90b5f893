/** What a queue tells whoever keeps its state beyond the life of the process, and what it wants back after that. */
import type { QueueAttributes } from './attributes.js';
import type { Message } from './message.js';
import type { MessageQueue } from './queue.js';

/** Told of every change that must outlive the process, at the moment it happens. */
export interface QueueLog {
  sent(queue: MessageQueue, message: Message): void;
  /** Received, or made invisible for another time. */
  hidden(queue: MessageQueue, messages: readonly Message[]): void;
  deleted(queue: MessageQueue, message: Message): void;
  expired(queue: MessageQueue, message: Message): void;
  attributesSet(queue: MessageQueue): void;
}

/** What a queue was when the process ended. */
export interface SavedQueue {
  name: string;
  messageType: string;
  attributes: QueueAttributes;
  createTime: number;
  lastModifyTime: number;
  sent: number;
  received: number;
  redelivered: number;
  deleted: number;
  expired: number;
  deletedIds: string[];
  /** In order of age; state and place in the heap are found out anew. */
  messages: Iterable<Message>;
}
