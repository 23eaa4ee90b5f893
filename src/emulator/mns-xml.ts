/**
 * XML in and out (mns-http.md §4): responses carry the slash-less namespace and `<?xml version="1.0" ?>` as captured
 * from the real service; requests may use any namespace, prefix or none. Written as strings and, for the one body a
 * busy consumer sends, read by expression: these two are most of the emulator's work under load.
 */
import { XMLParser } from 'fast-xml-parser';
import { MnsError } from './mns-error.js';

const NAMESPACE = 'http://mns.aliyuncs.com/doc/v1';
const SPECIAL = /[&<>\r]/;
const REPLACEMENT: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\r': '&#13;',
};

export function escapeXml(text: string): string {
  // Base64 bodies never need it: one test is cheaper than a replace. A bare CR would be read back as LF.
  return SPECIAL.test(text) ? text.replace(/[&<>\r]/g, (char) => REPLACEMENT[char] ?? char) : text;
}

export function element(name: string, value: string | number): string {
  return `<${name}>${typeof value === 'number' ? value : escapeXml(value)}</${name}>`;
}

/** A whole document; `content` is XML already. */
export function xmlDocument(root: string, content: string): string {
  return `<?xml version="1.0" ?>\n<${root} xmlns="${NAMESPACE}">${content}</${root}>`;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  removeNSPrefix: true,
  htmlEntities: true,
  isArray: (name) => name === 'Message' || name === 'ReceiptHandle',
});

export type Fields = Readonly<Record<string, string>>;

/** What a request body may hold: a `<Queue>`, one or more `<Message>`, or `<ReceiptHandles>`. */
export type RequestBody =
  | { kind: 'queue'; fields: Fields }
  | { kind: 'message'; fields: Fields }
  | { kind: 'messages'; items: readonly Fields[] }
  | { kind: 'handles'; handles: readonly string[] };

const HANDLES =
  /^\s*(?:<\?xml[^>]*\?>\s*)?<ReceiptHandles[^>]*>((?:\s*<ReceiptHandle>[^<&]*<\/ReceiptHandle>)*)\s*<\/ReceiptHandles>\s*$/;

export function parseBody(xml: string): RequestBody {
  const handles = HANDLES.exec(xml)?.[1];
  if (handles !== undefined) {
    return {
      kind: 'handles',
      handles: Array.from(handles.matchAll(/>([^<]*)<\/R/g), (match) => (match[1] ?? '').trim()),
    };
  }
  const document = parseAny(xml);
  if ('Queue' in document) return { kind: 'queue', fields: asFields(document.Queue) };
  if ('Message' in document) return { kind: 'message', fields: asFields(asArray(document.Message)[0]) };
  if ('Messages' in document) {
    return { kind: 'messages', items: asArray(asRecord(document.Messages).Message).map(asFields) };
  }
  if ('ReceiptHandles' in document) {
    const list = asArray(asRecord(document.ReceiptHandles).ReceiptHandle);
    return {
      kind: 'handles',
      handles: list.filter((handle) => typeof handle === 'string').map((handle) => handle.trim()),
    };
  }
  throw new MnsError('InvalidArgument', 'XML Schema Violation - unexpected root element.');
}

function parseAny(xml: string): Record<string, unknown> {
  try {
    return asRecord(parser.parse(xml, true));
  } catch (cause) {
    throw new MnsError(
      'MalformedXML',
      `The XML you provided was not well-formed: ${(cause as Error).message}`,
    );
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

/** The text children of an element; nested ones (`UserProperties`) are of no interest here. */
function asFields(value: unknown): Fields {
  return Object.fromEntries(
    Object.entries(asRecord(value)).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}
