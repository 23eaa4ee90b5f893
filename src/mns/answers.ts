/** From MNS' XML (reference/mns-http.md §6, §7) to values. Throws XmlError for what MNS does not send. */
import type { Answer } from './transport.js';
import { childText, readXml, type XmlElement, XmlError } from './xml.js';

export interface ReceivedMessage {
  messageId: string;
  receiptHandle: string;
  /** MessageBody as received, XML unescaped: base64 text by convention, empty when there was none. */
  body: string;
  /** ms since the epoch, the server's clock. */
  enqueueTime: number;
  /** ms since the epoch, the server's clock. */
  firstDequeueTime: number;
  /** ms since the epoch, the server's clock: when the message becomes visible again. */
  nextVisibleTime: number;
  /** 1 on the first delivery. */
  dequeueCount: number;
  /** 1 (highest) to 16. */
  priority: number;
  /** ms since the epoch, local clock, when the answer had been read. */
  receivedAt: number;
  /** ms since the epoch, LOCAL clock: until when the receipt handle is good, whatever the skew between the clocks. */
  visibleUntil: number;
}

/** A message that was looked at and stays as it is. */
export interface PeekedMessage {
  /** ms since it was sent. */
  waited: number;
}

/** A handle that MNS did not delete. */
export interface DeleteFailure {
  receiptHandle: string;
  /** MNS' code, `MessageNotExist` for a handle that is used or expired. */
  code: string;
  message: string;
}

/** MNS' refusal of a whole request. */
export interface Refusal {
  code: string;
  message: string;
  requestId: string | undefined;
}

/** MNS' default VisibilityTimeout, for an answer that does not tell NextVisibleTime. */
const DEFAULT_VISIBILITY_MS = 30_000;

/** BatchReceiveMessage and ReceiveMessage, `<Messages>` or a lone `<Message>`. */
export function readMessages(answer: Answer): ReceivedMessage[] {
  const receivedAt = Date.now();
  return messagesIn(answer).map((message) => toMessage(message, answer, receivedAt));
}

/** BatchPeekMessage. */
export function readPeeked(answer: Answer): PeekedMessage[] {
  return messagesIn(answer).map((message) => {
    const enqueueTime = time(message, 'EnqueueTime');
    // By the server's clock where it tells that, as both times are its own.
    const now = Number.isNaN(answer.date) ? answer.arrivedAt : answer.date;
    return { waited: enqueueTime === undefined ? 0 : Math.max(0, now - enqueueTime) };
  });
}

function messagesIn(answer: Answer): XmlElement[] {
  const root = readXml(answer.body);
  if (root.name !== 'Messages' && root.name !== 'Message') throw new XmlError(`its root is <${root.name}>`);
  const messages =
    root.name === 'Message' ? [root] : root.children.filter((child) => child.name === 'Message');
  if (messages.length === 0) throw new XmlError('it holds no message');
  return messages;
}

/** ChangeMessageVisibility: the new handle, and until when it is good (local clock). */
export function readVisibility(answer: Answer): { receiptHandle: string; visibleUntil: number } {
  const root = readXml(answer.body);
  return {
    receiptHandle: required(root, 'ReceiptHandle'),
    visibleUntil: localEnd(time(root, 'NextVisibleTime'), answer),
  };
}

/** The `<Errors>` list of a partly failed BatchDeleteMessage; undefined when the answer is something else. */
export function readDeleteFailures(body: string): DeleteFailure[] | undefined {
  const root = parse(body);
  if (root?.name !== 'Errors' || root.children.length === 0) return undefined;
  return root.children.map((error) => ({
    receiptHandle: required(error, 'ReceiptHandle'),
    code: childText(error, 'ErrorCode') ?? 'Unknown',
    message: childText(error, 'ErrorMessage') ?? '',
  }));
}

/** An `<Error>` answer; undefined when the answer is something else. */
export function readRefusal(body: string): Refusal | undefined {
  const root = parse(body);
  const code = root?.name === 'Error' && childText(root, 'Code')?.trim();
  if (!root || !code) return undefined;
  return { code, message: childText(root, 'Message')?.trim() ?? '', requestId: childText(root, 'RequestId') };
}

function toMessage(message: XmlElement, answer: Answer, receivedAt: number): ReceivedMessage {
  const nextVisibleTime = time(message, 'NextVisibleTime');
  const enqueueTime = time(message, 'EnqueueTime') ?? answer.arrivedAt;
  const dequeueCount = time(message, 'DequeueCount') ?? 1;
  const now = Number.isNaN(answer.date) ? answer.arrivedAt : answer.date;
  return {
    messageId: required(message, 'MessageId'),
    receiptHandle: required(message, 'ReceiptHandle'),
    body: childText(message, 'MessageBody') ?? '',
    enqueueTime,
    firstDequeueTime:
      time(message, 'FirstDequeueTime') ?? (dequeueCount === 1 ? Math.max(now, enqueueTime) : enqueueTime),
    nextVisibleTime: nextVisibleTime ?? answer.arrivedAt + DEFAULT_VISIBILITY_MS,
    dequeueCount,
    priority: time(message, 'Priority') ?? 8,
    receivedAt,
    visibleUntil: localEnd(nextVisibleTime, answer),
  };
}

/**
 * A moment of the server's clock on the local one, never too late: the Date header is cut to whole seconds, so the
 * server's clock may have read up to 999 ms more, and the message is that much closer to its end. Without a Date the
 * clocks are taken to agree.
 */
function localEnd(serverTime: number | undefined, answer: Answer): number {
  if (serverTime === undefined) return answer.arrivedAt + DEFAULT_VISIBILITY_MS;
  if (Number.isNaN(answer.date)) return serverTime;
  return answer.arrivedAt + serverTime - (answer.date + 999);
}

function required(element: XmlElement, name: string): string {
  const text = childText(element, name)?.trim();
  if (!text) throw new XmlError(`<${element.name}> has no <${name}>`);
  return text;
}

function time(element: XmlElement, name: string): number | undefined {
  const text = childText(element, name)?.trim();
  return text && /^\d+$/.test(text) ? Number(text) : undefined;
}

function parse(body: string): XmlElement | undefined {
  try {
    return readXml(body);
  } catch {
    return undefined;
  }
}
