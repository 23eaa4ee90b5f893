/** An ndjson file that is put aside: by its size, its age, a person; compressed or not; and by several at the same time. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppendFile } from '../../src/sinks/ndjson/append-file.js';
import { Compressor } from '../../src/sinks/ndjson/compressor.js';
import { NdjsonSink } from '../../src/sinks/ndjson/ndjson.js';
import { putAside } from '../../src/sinks/ndjson/put-aside.js';
import { startScript } from '../support/script.js';
import { until } from '../support/until.js';
import { record } from './records.js';

const ASIDE = /^events-\d{8}T\d{6}\.\d{3}Z\.ndjson(\.gz)?$/;

let directory: string;
let path: string;
let sinks: NdjsonSink[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-rotation-'));
  path = join(directory, 'events.ndjson');
  sinks = [];
});

afterEach(async () => {
  await Promise.all(sinks.map((sink) => sink.close()));
  await rm(directory, { recursive: true, force: true });
});

type Options = Partial<Parameters<typeof NdjsonSink.open>[0]>;

async function open(options: Options = {}): Promise<NdjsonSink> {
  const sink = await NdjsonSink.open({
    name: 'ndjson:file',
    path,
    wants: () => true,
    settled: 50,
    ...options,
  });
  sinks.push(sink);
  return sink;
}

/** All files but the one under way, the oldest first. */
function aside(): string[] {
  return readdirSync(directory)
    .filter((name) => name !== 'events.ndjson')
    .sort();
}

/** The ids in a file; every line must be whole. */
function idsIn(name: string): string[] {
  const bytes = readFileSync(join(directory, name));
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  if (text === '') return [];
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
}

function allIds(): string[] {
  return [...aside(), ...(existsSync(path) ? ['events.ndjson'] : [])].flatMap(idsIn);
}

const padded = (id: string, bytes = 400) =>
  record(id, { json: JSON.stringify({ padding: 'x'.repeat(bytes) }) });

async function deliver(sink: NdjsonSink, count: number, from = 'e'): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${from}-${index}`);
  for (const id of ids) await sink.deliver(padded(id));
  return ids;
}

describe('by size', () => {
  test('files have at most that, sort by time, and together all events in their order', async () => {
    const sink = await open({ maxBytes: 3_000 });
    const ids = await deliver(sink, 40);
    expect(aside().length).toBeGreaterThan(5);
    for (const name of aside()) {
      expect(name).toMatch(ASIDE);
      expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(3_000);
    }
    expect(allIds()).toEqual(ids);
  });

  test('many at once are spread over files as well', async () => {
    const sink = await open({ maxBytes: 3_000 });
    const ids = Array.from({ length: 60 }, (_, index) => `e-${index}`);
    await Promise.all(ids.map((id) => sink.deliver(padded(id))));
    for (const name of aside()) expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(3_000);
    expect(allIds()).toEqual(ids);
  });

  test('an event that is larger has a file of its own', async () => {
    const sink = await open({ maxBytes: 1_000 });
    await sink.deliver(padded('small', 10));
    await sink.deliver(padded('large', 5_000));
    await sink.deliver(padded('next', 10));
    expect([...aside(), 'events.ndjson'].map(idsIn)).toEqual([['small'], ['large'], ['next']]);
  });

  test('counts what was there before', async () => {
    writeFileSync(path, `${JSON.stringify({ id: 'old', padding: 'x'.repeat(990) })}\n`);
    const sink = await open({ maxBytes: 1_000 });
    await sink.deliver(padded('new', 10));
    expect([...aside(), 'events.ndjson'].map(idsIn)).toEqual([['old'], ['new']]);
  });

  test('a link to the file stays a link', async () => {
    mkdirSync(join(directory, 'elsewhere'));
    const real = join(directory, 'elsewhere', 'real.ndjson');
    symlinkSync(real, path);
    const sink = await open({ maxBytes: 1_000 });
    await deliver(sink, 4);
    expect(readlinkSync(path)).toBe(real);
    expect(readdirSync(join(directory, 'elsewhere')).length).toBeGreaterThan(1);
  });
});

describe('by age', () => {
  test('a file is put aside once it is old, also when nothing more comes', async () => {
    const sink = await open({ maxAge: 100 });
    await sink.deliver(padded('a'));
    await until('the file to be put aside', () => aside().length === 1);
    await sink.deliver(padded('b'));
    await until('the next to be put aside', () => aside().length === 2);
    expect(aside().map(idsIn)).toEqual([['a'], ['b']]);
  });

  test('one that nothing came into stays', async () => {
    const sink = await open({ maxAge: 20 });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(aside()).toEqual([]);
    await sink.deliver(padded('a'));
    await until('the file to be put aside', () => aside().length === 1);
  });
});

describe('compressed', () => {
  test('files that were put aside become .gz, with all of their lines, and the originals go', async () => {
    const sink = await open({ maxBytes: 3_000, gzip: true });
    const ids = await deliver(sink, 40);
    await until('all to be compressed', () => aside().every((name) => name.endsWith('.gz')));
    expect(aside().length).toBeGreaterThan(5);
    for (const name of aside()) {
      expect(name).toMatch(ASIDE);
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o640);
    }
    expect(allIds()).toEqual(ids);
  });

  test('what another run put aside is found at the start, and what a crash left half-made is removed', async () => {
    const old = 'events-20260101T000000.000Z.ndjson';
    const done = 'events-20260102T000000.000Z.ndjson';
    const line = (id: string) => `${JSON.stringify({ id })}\n`;
    writeFileSync(join(directory, old), line('old'));
    writeFileSync(join(directory, `${old}.gz.0a1b2c3d.tmp`), 'half');
    utimesSync(join(directory, `${old}.gz.0a1b2c3d.tmp`), 1, 1);
    // The crash came after the .gz was in its place.
    writeFileSync(join(directory, done), line('done'));
    writeFileSync(join(directory, `${done}.gz`), gzipSync(line('done')));
    // Neither of these is its business.
    const others = ['events-2026.ndjson', 'other-20260101T000000.000Z.ndjson'];
    for (const name of others) writeFileSync(join(directory, name), line(name));
    await open({ maxBytes: 3_000, gzip: true });
    await until('both to be compressed', () => aside().length === 4 && aside().includes(`${old}.gz`));
    expect(aside()).toEqual([...others, `${old}.gz`, `${done}.gz`].sort());
    expect([idsIn(`${old}.gz`), idsIn(`${done}.gz`)]).toEqual([['old'], ['done']]);
  });

  test('a name that is taken, also by a .gz, is not used again', () => {
    const at = (ms: number) => join(directory, `events-20260101T000000.00${ms}Z.ndjson`);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-01-01T00:00:00Z') });
    try {
      for (const name of [at(0), `${at(1)}.gz`, at(2)]) writeFileSync(name, 'taken');
      writeFileSync(path, 'lines');
      expect(putAside(path, () => true)).toBe(at(3));
      expect([at(0), `${at(1)}.gz`, at(2), at(3)].map((name) => readFileSync(name, 'utf8'))).toEqual([
        'taken',
        'taken',
        'taken',
        'lines',
      ]);
      // Somebody else was faster: another file is there, or none.
      writeFileSync(path, 'more');
      expect(putAside(path, () => false)).toBeUndefined();
      rmSync(path);
      expect(putAside(path, () => true)).toBeUndefined();
      expect(aside()).toHaveLength(4);
    } finally {
      vi.useRealTimers();
    }
  });

  test('what is appended to a file that is sealed or gone counts for nothing', async () => {
    const file = await AppendFile.open(path);
    const moved = join(directory, 'moved');
    renameSync(path, moved);
    await file.append(Buffer.from('a\n'));
    expect(await file.keeps()).toBe(true);
    chmodSync(moved, 0o440);
    await file.append(Buffer.from('b\n'));
    expect(await file.keeps()).toBe(false);
    chmodSync(moved, 0o640);
    expect(await file.keeps()).toBe(true);
    unlinkSync(moved);
    expect(await file.keeps()).toBe(false);
    await file.close();
  });

  test('when it fails the file stays, and the log says so', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const sink = await open({ maxBytes: 500, gzip: true, log });
    const compressing = join(directory, 'no-file');
    mkdirSync(compressing);
    const compressor = new Compressor({ settled: 10, log });
    compressor.add(compressing);
    await until('a warning', () => lines.length > 0);
    expect(lines[0]).toMatch(/no-file cannot be compressed \(.*\) and stays as it is for now/);
    await compressor.close();
    await sink.deliver(padded('a'));
  });

  test('closing lets go of it, and the next start goes on', async () => {
    const first = await open({ maxBytes: 500, gzip: true, settled: 60_000 });
    const ids = await deliver(first, 3);
    await first.close();
    sinks = [];
    expect(aside().every((name) => name.endsWith('.ndjson'))).toBe(true);
    await open({ maxBytes: 500, gzip: true });
    await until('all to be compressed', () => aside().every((name) => name.endsWith('.gz')));
    expect(allIds()).toEqual(ids);
  });
});

describe('somebody else', () => {
  test('may rename the file: the next event starts a new one', async () => {
    const sink = await open();
    await sink.deliver(padded('a'));
    renameSync(path, join(directory, 'moved'));
    await sink.deliver(padded('b'));
    expect(['moved', 'events.ndjson'].map(idsIn)).toEqual([['a'], ['b']]);
  });

  test('may rename it while events are on their way: none is torn or lost', async () => {
    const sink = await open();
    const ids = Array.from({ length: 3_000 }, (_, index) => `e-${index}`);
    let renamed = 0;
    const renaming = setInterval(() => {
      if (existsSync(path)) renameSync(path, join(directory, `moved-${renamed++}`));
    }, 2);
    let next = 0;
    const one = async () => {
      while (next < ids.length) await sink.deliver(padded(ids[next++] ?? ''));
    };
    await Promise.all(Array.from({ length: 50 }, one));
    clearInterval(renaming);
    expect(renamed).toBeGreaterThan(3);
    expect(allIds().sort()).toEqual(ids.sort());
  });

  test('may delete it', async () => {
    const sink = await open();
    await sink.deliver(padded('a'));
    unlinkSync(path);
    await sink.deliver(padded('b'));
    expect(allIds()).toEqual(['b']);
  });

  test('may put it away and ask for a new one, which is there at once', async () => {
    const sink = await open();
    await sink.deliver(padded('a'));
    renameSync(path, join(directory, 'moved'));
    await sink.reopen();
    expect(statSync(path).size).toBe(0);
    const under = sink.deliver(padded('b'));
    await Promise.all([sink.reopen(), sink.reopen(), under]);
    expect(idsIn('events.ndjson')).toEqual(['b']);
  });

  test('may be in the way: events are refused until it is gone', async () => {
    const sink = await open();
    await sink.deliver(padded('a'));
    renameSync(path, join(directory, 'moved'));
    mkdirSync(path);
    await expect(sink.deliver(padded('b'))).rejects.toThrow(/EISDIR/);
    await expect(sink.reopen()).rejects.toThrow(/EISDIR/);
    rmSync(path, { recursive: true });
    await sink.deliver(padded('b'));
    expect(['moved', 'events.ndjson'].map(idsIn)).toEqual([['a'], ['b']]);
  });
});

test('a disk that refuses new files refuses the event, and keeps what it confirmed', async () => {
  const script = `
    const { NdjsonSink } = await import(${JSON.stringify(new URL('../../dist/sinks/ndjson/ndjson.js', import.meta.url).href)});
    const { record } = await import(${JSON.stringify(new URL('./ndjson-record.mjs', import.meta.url).href)});
    const fs = (await import('node:fs')).default;
    const { syncBuiltinESMExports } = await import('node:module');
    const sink = await NdjsonSink.open({ name: 'n', path: ${JSON.stringify(path)}, wants: () => true, maxBytes: 500 });
    const data = { padding: 'x'.repeat(400) };
    await sink.deliver(record('a', data));
    const { openSync } = fs;
    fs.openSync = () => { throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }); };
    syncBuiltinESMExports();
    const refused = await sink.deliver(record('b', data)).catch((error) => error.message);
    fs.openSync = openSync;
    syncBuiltinESMExports();
    await sink.deliver(record('b', data));
    await sink.close();
    console.log(refused);
  `;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(said).toMatch(/^ENOSPC/);
  expect([...aside(), 'events.ndjson'].map(idsIn)).toEqual([['a'], ['b']]);
});

describe('is refused', () => {
  test('of a device', async () => {
    await expect(open({ path: '/dev/null', maxBytes: 5 })).rejects.toMatchObject({
      code: 'SINK_ROTATION',
      message:
        'sinks: ndjson:file: /dev/null cannot be rotated: it is no file, leave out maxBytes and maxAge',
    });
  });

  test.skipIf(process.getuid?.() === 0)('in a directory that cannot be written', async () => {
    appendFileSync(path, '');
    chmodSync(directory, 0o500);
    await expect(open({ maxBytes: 5 })).rejects.toThrow(/its directory must be writable \(EACCES/);
    chmodSync(directory, 0o700);
  });
});

test('an event whose time is over while the pipe takes nothing is refused, and closing does not wait for it', async () => {
  const fifo = join(directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const opening = open({ path: fifo });
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const sink = await opening;
  const giveUp = new AbortController();
  const context = { attempt: 1, signal: giveUp.signal };
  const stuck = sink.deliver(padded('a', 500_000), context);
  const waiting = sink.deliver(padded('b'), context);
  giveUp.abort(new Error('over'));
  await expect(stuck).rejects.toThrow('over');
  await expect(waiting).rejects.toThrow('over');
  await expect(sink.deliver(padded('c'), context)).rejects.toThrow('over');
  await sink.close();
  sinks = [];
  closeSync(reader);
});

// With 1 ms files are compressed while their writers are still at it: then a group may be written again, but none is lost.
test.each([2_000, 1])(
  'threads of several processes that rotate one file lose and tear nothing (compressed after %i ms)',
  async (settled) => {
    const input = { path, threads: 2, count: 600, padding: 300, maxBytes: 60_000, gzip: true, settled };
    const writers = ['a', 'b'].map((from) =>
      startScript(new URL('./ndjson-rotator.mjs', import.meta.url), { ...input, from }),
    );
    await Promise.all(writers.map(({ says }) => says(/done\ndone\n/)));
    await Promise.all(writers.map(({ ended }) => ended));
    const found = allIds();
    expect(new Set(found).size).toBe(2_400);
    if (settled === 2_000) expect(found).toHaveLength(2_400);
    expect(aside().length).toBeGreaterThan(10);
    for (const name of aside()) if (name.endsWith('.tmp')) unlinkSync(join(directory, name));
    // What was under way when they ended is compressed by whoever starts next.
    await open({ maxBytes: 60_000, gzip: true });
    // Two that put the file aside at the same moment may have done so with the next one, before its first line: that
    // stays as it is, empty.
    const isEmpty = (name: string) => statSync(join(directory, name), { throwIfNoEntry: false })?.size === 0;
    await until('all to be compressed', () =>
      aside().every((name) => ASIDE.test(name) && (name.endsWith('.gz') || isEmpty(name))),
    );
    expect(new Set(allIds())).toEqual(new Set(found));
  },
);
