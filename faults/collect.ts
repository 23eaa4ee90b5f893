/** What each sink has in the end. */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { idsOfLines, type SinkContent } from './checker.js';
import type { SinkKind } from './options.js';
import type { Site } from './site.js';

export async function contentOf(site: Site, kind: SinkKind): Promise<SinkContent> {
  switch (kind) {
    case 'ndjson': {
      const files = await Promise.all(site.daemons.map(({ output }) => filesIn(output)));
      return { name: kind, keeps: 'appending', ids: (await Promise.all(files.flat().map(idsIn))).flat() };
    }
    case 'webhook': {
      const file = site.receiver?.file;
      return { name: kind, keeps: 'at-least-once', ids: file === undefined ? [] : await idsIn(file) };
    }
    case 'sql': {
      const rows = await site.database?.query<{ id: string }>('SELECT id FROM receiptd_events');
      return { name: kind, keeps: 'idempotent', ids: (rows ?? []).map(({ id }) => id) };
    }
  }
}

async function filesIn(directory: string): Promise<string[]> {
  return (await readdir(directory)).map((file) => join(directory, file));
}

/** Piece by piece: a whole file may be longer than a text can be. */
async function idsIn(file: string): Promise<string[]> {
  const bytes = createReadStream(file);
  const texts = (file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes).setEncoding('utf8');
  const ids: string[] = [];
  let rest = '';
  for await (const text of texts) {
    const all = rest + (text as string);
    const end = all.lastIndexOf('\n') + 1;
    for (const id of idsOfLines(all.slice(0, end))) ids.push(id);
    rest = all.slice(end);
  }
  return ids;
}
