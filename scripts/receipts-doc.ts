/** Writes the text of docs/receipts.md: the catalog, its schemas, and their docstrings. */
import type { z } from 'zod';
import type { ReceiptShape, ReceiptType } from '../src/receipts/receipt-type.js';
import { codesDoc } from './codes-doc.js';
import type { Docstrings } from './docstrings.js';

export interface DocSource {
  catalog: Readonly<Record<string, ReceiptType>>;
  /** The name by which a schema is exported, nested ones too. */
  names: ReadonlyMap<unknown, string>;
  docstrings: Docstrings;
}

interface Row {
  path: string;
  type: string;
  required: boolean;
  /** Empty when the field has no docstring. */
  meaning: string;
}

const INTRO = `# Receipts

<!-- Written by \`npm run docs\` from the docstrings in src/receipts/types. Change those. -->

The message types that receiptd knows, with all their published fields. Schemas are loose: a field that is not listed here
passes through, and so does a message type that is not. A receipt that contradicts its schema is delivered all the same; it
is counted as drift and logged once.

**Times** are wall time in Beijing (UTC+8), \`yyyy-MM-dd HH:mm:ss\`, unless a field says otherwise; a time of something that
did not happen is empty. "string or number" means that both are published: one page prints \`10\`, the next \`"10"\`. An integer
beyond 2^53 is given to handlers as a string of its digits. "always" marks the fields that a receipt makes no sense without.

Each shape ends with its **sources**, the vendor's pages. A field that only some of them have says which, or the way (HTTP, MNS)
by which it comes; the others are on all of them.

In a program each shape is a TypeScript type of the package by the name that it has here, and \`receiptTypes\` has the zod schema
of each. \`normalize(event)\` answers the usual questions in the same way for all types. What the [codes](#codes) mean stands at
the end of this page.

Three attributes of an event come from the receipt's fields. Each type below names them:

- \`time\`: when it happened, in UTC. It is the first of the fields that holds a readable time, else the time at which MNS got the
  message.
- \`subject\`: what it is about, the call or the message. It is the first of the fields that is not empty.
- \`idempotencykey\`: what makes the receipt the same. Alibaba Cloud publishes some receipts again, under a new MessageId: their
  events have different \`id\`s and the same \`idempotencykey\`. It is the lower-case hex of the first 16 bytes of the SHA-256 of
  the JSON text \`["<message type>","<value>",…]\` in UTF-8, as JSON.stringify writes it, with the values of the type's key fields
  in the order given. A value is taken as a string: a number or any other value by its JSON text, \`""\` when it is missing or null.
  There is no key without a subject, as receipts that have nothing to do with each other would share it.
`;

export function receiptsDoc(source: DocSource): string {
  const types = Object.entries(source.catalog);
  const table = types.map(
    ([name, { title, family }]) =>
      `| [${name}](#${name.toLowerCase()}) | ${family} | ${title.en} | ${title.zh} |`,
  );
  return [
    INTRO,
    ['| message type | family | | |', '|---|---|---|---|', ...table, ''].join('\n'),
    ...types.map(([name, type]) => typeSection(name, type, source)),
    codesDoc(),
  ].join('\n');
}

/** The fields that no docstring tells of, as `Type: path`. */
export function undocumented(source: DocSource): string[] {
  return Object.entries(source.catalog).flatMap(([name, { shapes }]) =>
    shapes.flatMap((shape) =>
      rowsOf(shape.schema, '', source)
        .filter(({ meaning }) => meaning === '')
        .map(({ path }) => `${name}: ${path}`),
    ),
  );
}

function typeSection(name: string, { title, shapes }: ReceiptType, source: DocSource): string {
  // The last shape is the usual one.
  const sections = [...shapes].reverse().map((shape) => shapeSection(name, shape, source));
  return [`## ${name}\n`, `${title.en} · ${title.zh}\n`, ...sections].join('\n');
}

function shapeSection(messageType: string, shape: ReceiptShape, source: DocSource): string {
  const type = source.docstrings.types.get(source.names.get(shape.schema) ?? '');
  const rows = rowsOf(shape.schema, '', source);
  const cells = rows.map(
    ({ path, type: kind, required, meaning }) =>
      `| \`${path}\` | ${kind}${required ? ', always' : ''} | ${meaning.replaceAll('|', '\\|')} |`,
  );
  return [
    ...(type === undefined || type.name === messageType ? [] : [`### ${type.name}\n`]),
    `${type?.text ?? ''}\n`,
    ...(shape.mark === undefined ? [] : [`A receipt is of this shape when it has \`${shape.mark}\`.\n`]),
    ...(rows.length === 0 ? [] : ['| field | type | meaning |', '|---|---|---|', ...cells, '']),
    ...(rows.length === 0
      ? []
      : [
          `- \`time\`: ${fields(shape.time, 'else', 'when MNS got the message')}`,
          `- \`subject\`: ${fields(shape.subject, 'else', 'none')}`,
          `- \`idempotencykey\`: ${fields(shape.identity, '', 'none')}${without(shape.needs)}`,
        ]),
    `- ${shape.source.includes(', ') ? 'sources' : 'source'}: ${shape.source.replace(/https:\/\/[^\s,]+/g, '<$&>')}`,
    '',
  ].join('\n');
}

function fields(paths: readonly string[], word: string, none: string): string {
  return paths.length === 0 ? none : paths.map((path) => `\`${path}\``).join(`, ${word}${word && ' '}`);
}

function rowsOf(schema: z.ZodObject, prefix: string, source: DocSource): Row[] {
  const docs = source.docstrings.fields.get(source.names.get(schema) ?? '');
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const { type, nested, list } = kindOf(field as Definition);
    const path = `${prefix}${name}`;
    const required = !(field as z.ZodType).safeParse(undefined).success;
    const row: Row = { path, type, required, meaning: docs?.get(name) ?? '' };
    return nested === undefined ? [row] : [row, ...rowsOf(nested, `${path}${list ? '[]' : ''}.`, source)];
  });
}

/** The part of a zod schema that tells what it is. */
interface Definition {
  def: {
    type: string;
    innerType?: Definition;
    element?: Definition;
    options?: readonly Definition[];
  };
}

interface Kind {
  type: string;
  nested?: z.ZodObject;
  list?: true;
}

function kindOf(schema: Definition): Kind {
  const { type, innerType, element, options } = schema.def;
  if (type === 'optional' && innerType) return kindOf(innerType);
  if (type === 'nullable' && innerType) {
    const inner = kindOf(innerType);
    return { ...inner, type: `${inner.type} or null` };
  }
  if (type === 'union' && options) return { type: options.map((option) => kindOf(option).type).join(' or ') };
  if (type === 'array' && element)
    return { ...kindOf(element), type: `list of ${kindOf(element).type}s`, list: true };
  if (type === 'object') return { type, nested: schema as unknown as z.ZodObject };
  return { type: type === 'unknown' ? 'any' : type };
}

function without(needs: readonly string[] = []): string {
  return needs.map((path) => `; none without \`${path}\``).join('');
}
