import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ReceiptdError, UsageError } from '../../src/errors.js';
import { expandFiles, readMessages } from '../../src/message-file/index.js';
import { readFrom, shown } from './read-all.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'message-file-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('expandFiles', () => {
  beforeEach(async () => {
    await mkdir(join(dir, 'sub'));
    await mkdir(join(dir, 'empty'));
    for (const name of [
      'b.ndjson',
      'a.ndjson.gz',
      'notes.txt',
      '[x].ndjson',
      '.hidden.ndjson',
      'sub/c.ndjson',
    ]) {
      await writeFile(join(dir, name), '');
    }
  });
  const expand = async (...names: string[]) =>
    (await expandFiles(names, dir)).map((file) => file.replace(`${dir}/`, ''));

  it('sorts, and takes each file once', async () => {
    expect(await expand('notes.txt', 'b.ndjson', './b.ndjson', join(dir, 'b.ndjson'))).toEqual([
      'b.ndjson',
      'notes.txt',
    ]);
  });

  it('expands globs, relative and absolute', async () => {
    expect(await expand('*.ndjson')).toEqual(['[x].ndjson', 'b.ndjson']);
    expect(await expand('**/*.{ndjson,gz}', 'b.ndjson')).toEqual([
      '[x].ndjson',
      'a.ndjson.gz',
      'b.ndjson',
      'sub/c.ndjson',
    ]);
    expect(await expandFiles([join(dir, 'sub/*')])).toEqual([join(dir, 'sub/c.ndjson')]);
  });

  it('takes what exists by its name, brackets or not', async () => {
    expect(await expand('[x].ndjson')).toEqual(['[x].ndjson']);
    expect(await expand('[ab].ndjson')).toEqual(['b.ndjson']);
  });

  it('takes the capture files of a directory', async () => {
    expect(await expand('.')).toEqual(['[x].ndjson', 'a.ndjson.gz', 'b.ndjson']);
    expect(await expand('sub/', 'sub')).toEqual(['sub/c.ndjson']);
  });

  it('leaves - alone', async () => {
    expect(await expand('-', 'b.ndjson', '-')).toEqual(['-', 'b.ndjson']);
  });

  it('refuses what matches nothing', async () => {
    for (const name of ['none.ndjson', '*.nothing', 'empty', 'b.ndjson/x']) {
      await expect(expand('b.ndjson', name)).rejects.toThrow(UsageError);
      await expect(expand(name)).rejects.toThrow(name);
    }
    expect(await expand()).toEqual([]);
  });
});

describe('readMessages', () => {
  it('reads a file, gzip or not by its content, and counts its bytes', async () => {
    const content = Array.from({ length: 50_000 }, (_, i) => `{"n":${i}}`).join('\n');
    for (const bytes of [Buffer.from(content), gzipSync(content)]) {
      const path = join(dir, 'file.json');
      await writeFile(path, bytes);
      let read = 0;
      const entries = await readFrom(path, { onBytes: (count) => (read += count) });
      expect(entries).toHaveLength(50_000);
      expect(entries[49_999]).toEqual({ body: '{"n":49999}', at: { file: path, line: 50_000 } });
      expect(read).toBe(bytes.length);
    }
  });

  it('refuses a file that is missing, or a directory, as a mistake of the user', async () => {
    await expect(readFrom(join(dir, 'none'))).rejects.toThrow(UsageError);
    await expect(readFrom(join(dir, 'none'))).rejects.toThrow('there is no such file');
    await expect(readFrom(dir)).rejects.toThrow(UsageError);
  });

  it('fails at run time when reading fails, after what was read', async () => {
    const failing = () =>
      Readable.from(
        (async function* () {
          yield Buffer.from('a\nb');
          throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
        })(),
      );
    const seen: unknown[] = [];
    const reading = async () => {
      for await (const batch of readMessages('-', { stdin: failing() })) seen.push(...shown(batch));
    };
    await expect(reading()).rejects.toMatchObject({
      code: 'FILE_READ',
      message: expect.stringContaining('standard input'),
    });
    await expect(readFrom('-', { stdin: failing() })).rejects.not.toBeInstanceOf(UsageError);
    await expect(readFrom('-', { stdin: failing() })).rejects.toBeInstanceOf(ReceiptdError);
    expect(seen).toEqual([{ line: 1, body: 'a' }]);
  });

  it('stops when it is aborted, also while nothing comes', async () => {
    const stdin = new PassThrough();
    stdin.write('a\n');
    const abort = new AbortController();
    const reader = readMessages('-', { stdin, signal: abort.signal });
    expect((await reader.next()).value).toHaveLength(1);
    const next = reader.next();
    abort.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
    expect(stdin.destroyed).toBe(true);
    await expect(readFrom(join(dir, 'none'), { signal: abort.signal })).rejects.toThrow('enough');
  });

  it('closes the stream when the caller stops reading', async () => {
    for (const start of ['a\n', gzipSync('a\n')]) {
      const stdin = new PassThrough();
      stdin.write(start);
      for await (const batch of readMessages('-', { stdin })) {
        expect(batch).toHaveLength(1);
        break;
      }
      expect(stdin.destroyed).toBe(true);
    }
  });

  it('takes text as well as bytes from the stream', async () => {
    expect(shown(await readFrom('-', { stdin: Readable.from(['é\n', 'b']) }))).toEqual([
      { line: 1, body: 'é' },
      { line: 2, body: 'b' },
    ]);
  });

  it('hands over what has come before all of it has', async () => {
    const stdin = new PassThrough();
    const reader = readMessages('-', { stdin });
    stdin.write('[{"a":1},{"a":');
    expect(shown((await reader.next()).value ?? [])).toEqual([{ line: 1, body: '{"a":1}' }]);
    stdin.end('2}]');
    expect(shown((await reader.next()).value ?? [])).toEqual([{ line: 1, body: '{"a":2}' }]);
    expect((await reader.next()).done).toBe(true);
  });
});
