/** The operations on queues as resources (mns-http.md §5). */
import {
  attributesXml,
  DEFAULT_ATTRIBUTES,
  parseAttributes,
  sameAttributes,
  wholeNumber,
} from './attributes.js';
import type { MnsContext } from './mns-context.js';
import { MnsError } from './mns-error.js';
import { element, type Fields, parseBody, xmlDocument } from './mns-xml.js';
import type { MessageQueue } from './queue.js';
import { NO_CONTENT, type Reply } from './reply.js';

export function createQueue({ call, body, queues, baseUrl }: MnsContext): Reply {
  const attributes = parseAttributes(queueFields(body));
  const headers = ['Location', `${baseUrl}/queues/${call.queueName}`];
  const existing = queues.find(call.queueName);
  if (existing === undefined) {
    if (queues.deletedRecently(call.queueName)) throw new MnsError('QueueDeletedRecently');
    queues.create({ name: call.queueName, ...attributes });
    return { status: 201, body: '', headers };
  }
  if (!sameAttributes(existing.attributes, { ...DEFAULT_ATTRIBUTES, ...attributes })) {
    throw new MnsError('QueueAlreadyExist');
  }
  return { status: 204, body: '', headers };
}

export function setQueueAttributes({ call, body, queues }: MnsContext): Reply {
  queues.get(call.queueName).setAttributes(parseAttributes(queueFields(body)));
  return NO_CONTENT;
}

export function getQueueAttributes({ call, queues }: MnsContext): Reply {
  return { status: 200, body: xmlDocument('Queue', metaXml(queues.get(call.queueName))) };
}

export function deleteQueue({ call, queues }: MnsContext): Reply {
  queues.delete(call.queueName);
  return NO_CONTENT;
}

/** The marker is the last name of the page before. */
export function listQueue({ headers, queues, baseUrl }: MnsContext): Reply {
  const prefix = header(headers['x-mns-prefix']) ?? '';
  const marker = header(headers['x-mns-marker']) ?? '';
  const limit = wholeNumber('x-mns-ret-number', header(headers['x-mns-ret-number']) ?? '1000', 1, 1000);
  const withMeta = header(headers['x-mns-with-meta']) === 'true';
  const found = queues
    .all()
    .filter(({ name }) => name.startsWith(prefix) && name > marker)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  let xml = '';
  for (const queue of found.slice(0, limit)) {
    const url = element('QueueURL', `${baseUrl}/queues/${queue.name}`);
    xml += `<Queue>${url}${withMeta ? metaXml(queue) : ''}</Queue>`;
  }
  if (found.length > limit) xml += element('NextMarker', found[limit - 1]?.name ?? '');
  return { status: 200, body: xmlDocument('Queues', xml) };
}

/** Times in Unix seconds, unlike those of messages. */
function metaXml(queue: MessageQueue): string {
  return (
    element('QueueName', queue.name) +
    element('CreateTime', Math.floor(queue.createTime / 1000)) +
    element('LastModifyTime', Math.floor(queue.lastModifyTime / 1000)) +
    attributesXml(queue.attributes) +
    element('ActiveMessages', queue.visible) +
    element('InactiveMessages', queue.invisible) +
    element('DelayMessages', queue.delayed)
  );
}

function queueFields(xml: string): Fields {
  if (xml.trim() === '') return {};
  const body = parseBody(xml);
  if (body.kind !== 'queue')
    throw new MnsError('InvalidArgument', 'XML Schema Violation - <Queue> expected.');
  return body.fields;
}

function header(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
