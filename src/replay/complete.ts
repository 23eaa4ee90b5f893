/**
 * Fills in what a message from a file does not say of itself. A line of a capture file says everything, and nothing of
 * it is touched, so its events are the daemon's to the byte. A bare receipt says nothing: what is filled in depends on
 * the receipt, its place in the file and the settings only, so that the same file gives the same events each time.
 */
import { hash } from 'node:crypto';
import type { QueueConfig } from '../config/index.js';
import type { CapturedMessage, FileMessage } from '../message-file/index.js';
import { believedMessageType, decode, guessMessageType, toEvent } from '../receipts/index.js';

/** What stands for a message type, a queue and an MNS host that nothing tells. */
export const UNKNOWN_TYPE = 'Unknown';
const NOWHERE = 'replay';
/** As long as the ids of MNS. */
const ID_LENGTH = 32;
const EPOCH = new Date(0).toISOString();

export interface CompleterOptions {
  /** The configured queues; may be none. */
  queues: readonly QueueConfig[];
  /** Of the configured endpoint. */
  mnsHost: string;
  /** Message type of receipts that do not say theirs, unless they plainly have another one. */
  messageType?: string | undefined;
}

export interface Complete {
  message: Required<CapturedMessage>;
  /** Whether its message type can be told; not that of a body that is no receipt, where nothing says it. */
  typed: boolean;
  /** Whether its time is known: when MNS got it, or else what the receipt says. */
  dated: boolean;
}

export class Completer {
  readonly #queues: readonly QueueConfig[];
  readonly #mnsHost: string;
  readonly #messageType: string | undefined;

  constructor({ queues, mnsHost, messageType }: CompleterOptions) {
    const types = new Set(queues.map((queue) => queue.messageType));
    const [only] = types;
    this.#queues = queues;
    this.#mnsHost = queues.length > 0 ? mnsHost : NOWHERE;
    this.#messageType = messageType ?? (types.size === 1 ? only : undefined);
  }

  /** @param index the message's place in its file, from 1: part of the id of a receipt that has none */
  complete(from: FileMessage, index: number): Complete {
    const { body, dequeueCount = 1 } = from;
    const type = from.messageType ?? typeOf(body, this.#messageType);
    const messageType = type ?? UNKNOWN_TYPE;
    const time = from.enqueueTime ?? ownTime(body, messageType);
    const enqueueTime = time ?? 0;
    const message = {
      messageId: from.messageId ?? idOf(body, index),
      queueName: from.queueName ?? this.#queueOf(messageType),
      messageType,
      body,
      enqueueTime,
      dequeueCount,
      receivedAt: from.receivedAt ?? enqueueTime,
      mnsHost: from.mnsHost ?? this.#mnsHost,
    };
    return { message, typed: type !== undefined, dated: time !== undefined };
  }

  #queueOf(messageType: string): string {
    return this.#queues.find((queue) => queue.messageType === messageType)?.queueName ?? NOWHERE;
  }
}

function idOf(body: string, index: number): string {
  return hash('sha256', `${index}\n${body}`, 'hex').slice(0, ID_LENGTH).toUpperCase();
}

/** What the receipt is said to be, or looks like, of a list the first one; undefined when nothing can be told. */
function typeOf(body: string, said: string | undefined): string | undefined {
  const event = firstEvent(body, UNKNOWN_TYPE);
  if (event === undefined) return said;
  const { data } = toEvent<object>(event);
  return said === undefined ? (guessMessageType(data) ?? UNKNOWN_TYPE) : believedMessageType(data, said);
}

/** What the receipt says; ms since the epoch. */
function ownTime(body: string, messageType: string): number | undefined {
  const time = firstEvent(body, messageType)?.time ?? EPOCH;
  return time === EPOCH ? undefined : Date.parse(time);
}

function firstEvent(body: string, messageType: string) {
  const message = { messageId: '', body, enqueueTime: 0, dequeueCount: 1 };
  const decoded = decode(message, { mnsHost: NOWHERE, queueName: NOWHERE, messageType });
  return 'events' in decoded ? decoded.events[0] : undefined;
}
