/**
 * Fills queues from a file in any form that src/message-file reads. A captured message goes to its own queue under a new
 * MessageId, its body untouched; anything else goes to a queue of its type, if that can be told, else to the queue given:
 * a receipt as Base64 of its very text, so that no number loses digits on the way, and a body that is Base64 already as it
 * is. Only what is being sent is held here.
 */
import { describeError, UsageError } from '../errors.js';
import { type FileMessage, isUnreadable, type ReadOptions, readMessages } from '../message-file/index.js';
import type { QueueAttributes } from './attributes.js';
import type { Emulator } from './emulator.js';
import { queueNameOf } from './generator.js';
import { messageTypeOf } from './queue-view.js';

export interface LoadOptions {
  /** Where go receipts, and messages that do not tell their queue; without it these are refused. */
  receiptQueue?: string;
  /** The message type of a receipt that does not tell its queue, which then goes to a queue of that type. */
  typeOf?: (receipt: object) => string | undefined;
  /** Attributes of the queues that messages call into being. */
  attributes?: Partial<QueueAttributes>;
  /** What the file `-` reads. Default: the standard input of this process. */
  stdin?: ReadOptions['stdin'];
}

/** What a load needs of an emulator. */
export type LoadTarget = Pick<Emulator, 'queues' | 'hasQueue' | 'createQueue' | 'sendBody'>;

/**
 * Returns how many messages were sent. What came before a bad line has been sent.
 * @param path `-` is standard input
 * @throws UsageError for a file that cannot be opened, and for anything in it that is no message: it names file and line
 */
export async function loadFile(target: LoadTarget, path: string, options: LoadOptions = {}): Promise<number> {
  const { stdin } = options;
  let sent = 0;
  for await (const batch of readMessages(path, stdin === undefined ? {} : { stdin })) {
    for (const entry of batch) {
      try {
        if (isUnreadable(entry)) throw new Error(entry.unreadable);
        load(target, entry, options);
      } catch (cause) {
        const { file, line } = entry.at;
        throw new UsageError('EMULATOR_LOAD', `${file}:${line}: ${describeError(cause)}`, { cause });
      }
      sent += 1;
    }
  }
  return sent;
}

function load(target: LoadTarget, message: FileMessage, options: LoadOptions): void {
  const { messageId, body } = message;
  // Only what MNS brought has an id; its body is what the receiver got, good or bad.
  const bytes = messageId === undefined ? encoded(body) : body;
  const queueName = message.queueName ?? queueByType(target, bytes, options) ?? options.receiptQueue;
  if (queueName === undefined) throw new Error('a receipt needs a queue to go to: name one with --queue');
  const { attributes } = options;
  if (!target.hasQueue(queueName)) {
    target.createQueue({ name: queueName, messageType: typeOf(message, queueName), ...attributes });
  }
  target.sendBody(queueName, bytes);
}

/** Where receipts of its type go; undefined when the type cannot be told. */
function queueByType({ queues }: LoadTarget, base64: string, { typeOf }: LoadOptions): string | undefined {
  const type = typeOf === undefined ? undefined : typeOf(receiptIn(base64));
  if (type === undefined) return undefined;
  return queues.find(({ messageType }) => messageType === type)?.name ?? queueNameOf(type);
}

/** Of a list the first one; nothing in particular where there is none. */
function receiptIn(base64: string): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    const [receipt] = Array.isArray(value) ? value : [value];
    return typeof receipt === 'object' && receipt !== null ? receipt : {};
  } catch {
    return {};
  }
}

/** The body that Cloud Communications would have sent. */
function encoded(body: string): string {
  if (/^\s*[[{]/.test(body)) {
    JSON.parse(body);
    return Buffer.from(body.trim()).toString('base64');
  }
  const base64 = body.trim();
  if (base64.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return base64;
  throw new Error('expected a JSON object, a captured message or a Base64 body');
}

/** Of a queue that is not there yet. */
function typeOf({ messageType }: FileMessage, queueName: string): string {
  const type = messageType || messageTypeOf(queueName);
  if (type !== '') return type;
  throw new Error(`nothing says what queue ${queueName} holds: name it with --queue ${queueName}=TYPE`);
}
