/** The operations on the messages of one queue (mns-http.md §6). */
import { wholeNumber } from './attributes.js';
import { looksLikeHandle, type Message } from './message.js';
import type { Query } from './mns-call.js';
import type { MnsContext } from './mns-context.js';
import { MnsError } from './mns-error.js';
import { element, type Fields, parseBody, type RequestBody, xmlDocument } from './mns-xml.js';
import type { MessageQueue } from './queue.js';
import { NO_CONTENT, type Reply } from './reply.js';

const MAX_BATCH = 16;

export function sendMessage({ call, queues, body }: MnsContext): Reply {
  const queue = queues.get(call.queueName);
  return { status: 201, body: xmlDocument('Message', send(queue, expectBody(body, 'message').fields)) };
}

/** Each message stands for itself: what is wrong with one is reported in its place, the others are stored. */
export function batchSendMessage({ call, queues, body }: MnsContext): Reply {
  const queue = queues.get(call.queueName);
  const { items } = expectBody(body, 'messages');
  checkBatch('messages', items.length);
  let status = 201;
  let xml = '';
  for (const item of items) {
    try {
      xml += `<Message>${send(queue, item)}</Message>`;
    } catch (error) {
      if (!(error instanceof MnsError)) throw error;
      status = error.status;
      xml += `<Message>${element('ErrorCode', error.code)}${element('ErrorMessage', error.message)}</Message>`;
    }
  }
  return { status, body: xmlDocument('Messages', xml), messages: items.length };
}

export function receiveMessage(context: MnsContext): Reply | Promise<Reply> {
  return receive(context, 1, ([message]) =>
    xmlDocument('Message', message === undefined ? '' : receivedXml(message)),
  );
}

export function batchReceiveMessage(context: MnsContext): Reply | Promise<Reply> {
  return receive(context, batchSize(context.call.query), (messages) => messagesXml(messages, receivedXml));
}

export function peekMessage({ call, queues }: MnsContext): Reply {
  const [message] = queues.get(call.queueName).peek(1);
  if (message === undefined) throw new MnsError('MessageNotExist');
  return { status: 200, body: xmlDocument('Message', messageXml(message)) };
}

export function batchPeekMessage({ call, queues }: MnsContext): Reply {
  const messages = queues.get(call.queueName).peek(batchSize(call.query));
  if (messages.length === 0) throw new MnsError('MessageNotExist');
  return { status: 200, body: messagesXml(messages, messageXml) };
}

export function deleteMessage({ call, queues }: MnsContext): Reply {
  const queue = queues.get(call.queueName);
  if (!queue.delete(handleOf(call.query))) throw new MnsError('MessageNotExist');
  return NO_CONTENT;
}

/** 204 only if every one went; otherwise 404 with the failed handles, and those not listed are deleted (§6.3). */
export function batchDeleteMessage({ call, queues, body, fault }: MnsContext): Reply {
  const queue = queues.get(call.queueName);
  const { handles } = expectBody(body, 'handles');
  checkBatch('receipt handles', handles.length);
  let errors = '';
  for (const [index, handle] of handles.entries()) {
    const spared = fault === 'half' && index % 2 === 0;
    if (!spared && queue.delete(handle)) continue;
    const { code, message } = new MnsError(
      looksLikeHandle(handle) ? 'MessageNotExist' : 'ReceiptHandleError',
    );
    const item =
      element('ErrorCode', code) + element('ErrorMessage', message) + element('ReceiptHandle', handle);
    errors += `<Error>${item}</Error>`;
  }
  return errors === '' ? NO_CONTENT : { status: 404, body: xmlDocument('Errors', errors) };
}

export function changeMessageVisibility({ call, queues }: MnsContext): Reply {
  const queue = queues.get(call.queueName);
  const handle = handleOf(call.query);
  const timeout = call.query.get('visibilitytimeout');
  if (timeout === undefined) throw new MnsError('MissingVisibilityTimeout');
  const message = queue.changeVisibility(handle, wholeNumber('VisibilityTimeout', timeout, 1, 43_200));
  if (message === undefined) throw new MnsError('MessageNotExist');
  const content =
    element('ReceiptHandle', message.handle) + element('NextVisibleTime', message.nextVisibleTime);
  return { status: 200, body: xmlDocument('ChangeVisibility', content) };
}

/** An empty queue is a 404, also after a wait or when no more may wait: the normal idle answer (§6.2). */
function receive(
  { call, queues, fault, mayWait, onDisconnect }: MnsContext,
  max: number,
  toXml: (messages: readonly Message[]) => string,
): Reply | Promise<Reply> {
  const queue = queues.get(call.queueName);
  const asked = call.query.get('waitseconds');
  const seconds =
    asked === undefined ? queue.attributes.pollingWaitSeconds : wholeNumber('waitseconds', asked, 0, 30);
  const duplicate = fault === 'duplicate';
  const reply = (messages: readonly Message[]): Reply => ({
    status: 200,
    body: toXml(messages),
    messages: messages.length,
  });
  const batch = queue.receive(max, duplicate);
  if (batch.length > 0) return reply(batch);
  if (seconds === 0 || !mayWait()) throw new MnsError('MessageNotExist');
  return new Promise((resolve, reject) => {
    const leave = queue.wait(max, seconds * 1000, duplicate, (messages) => {
      if (messages === undefined) reject(new MnsError('QueueNotExist'));
      else if (messages.length === 0) reject(new MnsError('MessageNotExist'));
      else resolve(reply(messages));
    });
    onDisconnect(leave);
  });
}

function send(queue: MessageQueue, fields: Fields): string {
  const { MessageBody: body = '', Priority: priority, DelaySeconds: delay } = fields;
  const limit = queue.attributes.maximumMessageSize;
  if (body === '' || Buffer.byteLength(body) > limit) {
    throw new MnsError('InvalidArgument', `The length of message should be between 1 and ${limit} bytes.`);
  }
  const message = queue.send(
    body,
    priority === undefined ? undefined : wholeNumber('Priority', priority, 1, 16),
    delay === undefined ? undefined : wholeNumber('DelaySeconds', delay, 0, 604_800),
  );
  const handle = message.handle === '' ? '' : element('ReceiptHandle', message.handle);
  return element('MessageId', message.id) + element('MessageBodyMD5', message.bodyMd5) + handle;
}

function messagesXml(messages: readonly Message[], one: (message: Message) => string): string {
  let xml = '';
  for (const message of messages) xml += `<Message>${one(message)}</Message>`;
  return xmlDocument('Messages', xml);
}

function messageXml(message: Message): string {
  return (
    element('MessageId', message.id) +
    element('MessageBodyMD5', message.bodyMd5) +
    element('MessageBody', message.body) +
    element('EnqueueTime', message.enqueueTime) +
    element('FirstDequeueTime', message.firstDequeueTime) +
    element('DequeueCount', message.dequeueCount) +
    element('Priority', message.priority)
  );
}

function receivedXml(message: Message): string {
  return (
    messageXml(message) +
    element('ReceiptHandle', message.handle) +
    element('NextVisibleTime', Math.round(message.nextVisibleTime))
  );
}

function batchSize(query: Query): number {
  return wholeNumber('numOfMessages', query.get('numofmessages') ?? '', 1, MAX_BATCH);
}

function checkBatch(what: string, size: number): void {
  if (size >= 1 && size <= MAX_BATCH) return;
  throw new MnsError('InvalidArgument', `The number of ${what} should be between 1 and ${MAX_BATCH}.`);
}

function handleOf(query: Query): string {
  const handle = query.get('receipthandle');
  if (handle === undefined || handle === '') throw new MnsError('MissingReceiptHandle');
  if (!looksLikeHandle(handle)) throw new MnsError('ReceiptHandleError');
  return handle;
}

function expectBody<K extends RequestBody['kind']>(xml: string, kind: K): Extract<RequestBody, { kind: K }> {
  const body = parseBody(xml);
  if (body.kind !== kind) throw new MnsError('InvalidArgument', `XML Schema Violation - ${kind} expected.`);
  return body as Extract<RequestBody, { kind: K }>;
}
