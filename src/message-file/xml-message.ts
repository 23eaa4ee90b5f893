/** One element of an MNS answer, `<Message>` or an error, as an entry (reference: mns-http.md §6.1, §7). */
import { XMLParser } from 'fast-xml-parser';
import { describeError } from '../errors.js';
import type { FileMessage, Position, Unreadable } from './message.js';

/** Entities are left alone: the parser knows numbered ones only together with all of HTML's. */
const parser = new XMLParser({
  preserveOrder: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  ignoreAttributes: true,
  cdataPropName: '#cdata',
});
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const CODE = /<(?:Error)?Code>\s*([^<]*?)\s*<\//g;

/** @param xml the text of a `<Message>` element */
export function messageOf(xml: string, at: Position): FileMessage | Unreadable {
  try {
    const fields = new Map<string, string>();
    for (const [name, content] of elements(firstContent(parser.parse(xml, true)))) {
      if (fields.has(name) && name === 'MessageBody')
        return { unreadable: 'a <Message> with two bodies', at };
      fields.set(name, text(content));
    }
    const body = fields.get('MessageBody');
    if (body === undefined) return { unreadable: 'a <Message> without <MessageBody>', at };
    const message: FileMessage = { body, at };
    const messageId = fields.get('MessageId')?.trim();
    if (messageId) message.messageId = messageId;
    for (const [name, field] of [
      ['EnqueueTime', 'enqueueTime'],
      ['DequeueCount', 'dequeueCount'],
    ] as const) {
      const value = fields.get(name)?.trim();
      if (value === undefined) continue;
      if (!/^\d{1,15}$/.test(value)) return { unreadable: `a <Message> whose <${name}> is not a number`, at };
      message[field] = Number(value);
    }
    return message;
  } catch (error) {
    return { unreadable: `a <Message> that is not XML: ${describeError(error)}`, at };
  }
}

/** @param xml the text of an `<Error>` or `<Errors>` element. Undefined for the answer of an empty queue. */
export function errorOf(xml: string, at: Position): Unreadable | undefined {
  const codes = [...xml.matchAll(CODE)].map(([, code]) => code ?? '');
  const code = codes.find((one) => one !== 'MessageNotExist');
  if (codes.length > 0 && code === undefined) return undefined;
  return { unreadable: describeError(`an answer of MNS that is an error: ${code ?? 'without a code'}`), at };
}

/** What the parser makes of an element or a text: one key, its name, beside `:@` with attributes. */
function elements(content: unknown): [name: string, content: unknown][] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((node: object) => Object.entries(node).filter(([name]) => name !== ':@'));
}

function firstContent(document: unknown): unknown {
  return elements(document).find(([name]) => name === 'Message')?.[1];
}

function text(content: unknown, escaped = true): string {
  let all = '';
  for (const [name, inner] of elements(content)) {
    if (name === '#cdata') all += text(inner, false);
    else if (name === '#text') all += escaped ? unescaped(String(inner)) : String(inner);
  }
  return all;
}

/** References to characters that XML may hold, and the five entities; anything else stays as it is. */
function unescaped(value: string): string {
  return value.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(lt|gt|amp|quot|apos));/gi,
    (whole: string, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      const allowed = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
      return allowed ? String.fromCodePoint(code) : whole;
    },
  );
}
