/** docs/receipts.md is generated here, with `npm run docs`; without that this tells whether it is up to date. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Docstrings, readDocstrings } from '../../scripts/docstrings.js';
import { type DocSource, receiptsDoc, undocumented } from '../../scripts/receipts-doc.js';
import { catalog } from '../../src/receipts/catalog.js';
import type { ReceiptType } from '../../src/receipts/receipt-type.js';

const TYPES = new URL('../../src/receipts/types/', import.meta.url);
const DOC = fileURLToPath(new URL('../../docs/receipts.md', import.meta.url));

const files = readdirSync(TYPES).filter((file) => !['index.ts', 'fields.ts', 'sources.ts'].includes(file));
const sources = files.map((file) => readFileSync(new URL(file, TYPES), 'utf8'));
const docstrings = readDocstrings(sources);
const names = new Map<unknown, string>();
for (const file of files) {
  const module: Record<string, unknown> = await import(
    `../../src/receipts/types/${file.replace('.ts', '')}.ts`
  );
  for (const [name, value] of Object.entries(module)) names.set(value, name);
}
const source: DocSource = { catalog, names, docstrings };

describe('docs/receipts.md', () => {
  test('is what the schemas and their docstrings say', async () => {
    await expect(receiptsDoc(source), 'out of date: run `npm run docs`').toMatchFileSnapshot(DOC);
  });

  test('has nothing in it that is on this machine only, or not there', () => {
    const doc = receiptsDoc(source);
    expect(doc).not.toMatch(/undefined|\[object|\/work\//);
    const sections = doc.split('\n').filter((line) => /^## /.test(line));
    expect(sections).toEqual([...Object.keys(catalog), 'Codes'].map((name) => `## ${name}`));
  });
});

describe('docstrings', () => {
  test('are on every field, nested ones too', () => {
    expect(undocumented(source)).toEqual([]);
  });

  test('of fields are missed where one is missing', () => {
    const fields = new Map(docstrings.fields);
    fields.set('artcCdrLeg', new Map([...(fields.get('artcCdrLeg') ?? []), ['caller', '']]));
    const broken: Docstrings = { ...docstrings, fields };
    expect(new Set(undocumented({ ...source, docstrings: broken }))).toEqual(
      new Set(['ArtcCdrReport: detail.callInInfo.caller', 'ArtcCdrReport: detail.callOutInfo[].caller']),
    );
  });

  test('are on every type, and name the pages that its shape names', () => {
    for (const { shapes } of Object.values<ReceiptType>(catalog)) {
      for (const shape of shapes) {
        const type = docstrings.types.get(names.get(shape.schema) ?? '');
        expect(type?.text, shape.source).toMatch(/\S/);
        expect(pagesOf(type?.name ?? ''), type?.name).toEqual(shape.source.split(', '));
      }
    }
  });

  test('are read as they are written', () => {
    const read = readDocstrings([
      [
        '/** Of more. */',
        'const shared = {',
        '  /** One, see {@link Two}. */',
        '  one: text,',
        '};',
        '/**',
        ' * A report',
        ' * in two lines.',
        ' *',
        ' * @see https://example.invalid/',
        ' */',
        'export type Report = Known<z.infer<typeof report>>;',
        'export const report = z.looseObject({',
        '  ...shared,',
        '  /**',
        '   * Long,',
        '   * long.',
        '   */',
        "  'two-three': z.array(",
        '    text,',
        '  ),',
        '  bare: text,',
        '});',
        'export const alias = z.looseObject(shared);',
      ].join('\n'),
    ]);
    expect([...(read.fields.get('report') ?? [])]).toEqual([
      ['one', 'One, see `Two`.'],
      ['two-three', 'Long, long.'],
      ['bare', ''],
    ]);
    expect([...(read.fields.get('alias') ?? [])]).toEqual([['one', 'One, see `Two`.']]);
    expect(read.types.get('report')).toEqual({ name: 'Report', text: 'A report in two lines.' });
  });
});

/** The `@see` tags of a type's docstring. */
function pagesOf(type: string): string[] {
  const doc =
    new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport type ${type} =`).exec(sources.join('\n'))?.[1] ??
    '';
  return Array.from(doc.matchAll(/@see (.+)/g), ([, page = '']) => page);
}
