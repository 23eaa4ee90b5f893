/**
 * The docstrings of src/receipts/types, read from the sources so that the reference says what editors say. It understands
 * just the way in which those files are written: objects of fields at the top level, one field an entry, spreads by name.
 */

/** What a named schema, or a named group of fields, says of its fields; in the order of the source. */
export type FieldDocs = ReadonlyMap<string, string>;

export interface Docstrings {
  /** By the name of the schema. */
  fields: ReadonlyMap<string, FieldDocs>;
  /** By the name of the schema: its type, and what the type's docstring says. */
  types: ReadonlyMap<string, { name: string; text: string }>;
}

/** `const a = {` or `const a = z.looseObject({`, up to the brace that closes it. */
const GROUP = /^(?:export )?const (\w+) = (?:z\.looseObject\()?\{\n([\s\S]*?)^\}/gm;
/** `const a = z.looseObject(b)` */
const ALIAS = /^(?:export )?const (\w+) = z\.looseObject\((\w+)\)/gm;
const FIELD = /^ {2}(?:\.\.\.(\w+),|(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2})?(?:'([^']+)'|(\w+))[:,])/gm;
const TYPE = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport type (\w+) = (?:Known<)?z\.infer<typeof (\w+)>/g;

/** @param sources the text of each file; names are unique over all of them */
export function readDocstrings(sources: readonly string[]): Docstrings {
  const all = sources.join('\n');
  const bodies = new Map(Array.from(all.matchAll(GROUP), ([, name = '', body = '']) => [name, body]));
  for (const [, name = '', group = ''] of all.matchAll(ALIAS)) bodies.set(name, `  ...${group},\n`);
  const fields = new Map(Array.from(bodies, ([name, body]) => [name, fieldsOf(body, bodies)]));
  const types = new Map(
    Array.from(all.matchAll(TYPE), ([, doc = '', name = '', schema = '']) => [
      schema,
      { name, text: plain(doc) },
    ]),
  );
  return { fields, types };
}

function fieldsOf(body: string, bodies: ReadonlyMap<string, string>): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [, spread, doc, quoted, name] of body.matchAll(FIELD)) {
    if (spread !== undefined) {
      for (const [field, text] of fieldsOf(bodies.get(spread) ?? '', bodies)) fields.set(field, text);
    } else {
      fields.set(quoted ?? name ?? '', plain(doc ?? ''));
    }
  }
  return fields;
}

/** A docstring as one line of Markdown, without its tags. */
function plain(doc: string): string {
  const lines = doc.split('\n').map((line) => line.replace(/^\s*\*? ?/, '').trim());
  const tags = lines.findIndex((line) => line.startsWith('@'));
  return (tags === -1 ? lines : lines.slice(0, tags))
    .join(' ')
    .trim()
    .replace(/\{@link (\w+)\}/g, '`$1`');
}
