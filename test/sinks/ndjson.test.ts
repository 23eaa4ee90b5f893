import { execFileSync } from 'node:child_process';
import { appendFileSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { NdjsonSink } from '../../src/sinks/ndjson/ndjson.js';
import { startScript } from '../support/script.js';
import { record } from './records.js';

let directory: string;
let path: string;
let sinks: NdjsonSink[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-ndjson-'));
  path = join(directory, 'events.ndjson');
  sinks = [];
});

afterEach(async () => {
  await Promise.all(sinks.map((sink) => sink.close()));
  await rm(directory, { recursive: true, force: true });
});

async function open(at = path): Promise<NdjsonSink> {
  const sink = await NdjsonSink.open({ name: 'ndjson:file', path: at, wants: () => true });
  sinks.push(sink);
  return sink;
}

/** The ids of all lines; each line must be JSON and the file must end with a whole one. */
function ids(text = readFileSync(path, 'utf8')): string[] {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: string }).id);
}

describe('writing', () => {
  test('gives every event a line with its receipt as published', async () => {
    const sink = await open();
    const json = '{ "sequence_id" : 12345678901234567890,\r\n "content": "短信\\n" }';
    await sink.deliver(record('a', { json }));
    expect(readFileSync(path, 'utf8')).toBe(
      '{"specversion":"1.0","id":"a","source":"mns://mns.test/queues/q","type":"com.aliyun.alicom.SmsReport",' +
        '"time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","messagetype":"SmsReport",' +
        '"queuename":"q","dequeuecount":1,"enqueuedat":"2026-01-01T00:00:00.000Z",' +
        '"data":{ "sequence_id" : 12345678901234567890,  "content": "短信\\n" }}\n',
    );
  });

  test('goes on with one event after the other', async () => {
    const sink = await open();
    for (const id of ['a', 'b', 'c']) await sink.deliver(record(id));
    expect(ids()).toEqual(['a', 'b', 'c']);
  });

  test('has the line in the file by the time it confirms', async () => {
    const sink = await open();
    const wanted = Array.from({ length: 30 }, (_, index) => `e-${index}`);
    await Promise.all(
      wanted.map(async (id) => {
        await sink.deliver(record(id));
        expect(ids()).toContain(id);
      }),
    );
  });

  test('keeps all of many at once, in their order', async () => {
    const sink = await open();
    const wanted = Array.from({ length: 5_000 }, (_, index) => `e-${index}`);
    await Promise.all(wanted.map((id) => sink.deliver(record(id))));
    expect(ids()).toEqual(wanted);
  });

  test('continues a file that is there', async () => {
    await (await open()).deliver(record('old'));
    await (await open()).deliver(record('new'));
    expect(ids()).toEqual(['old', 'new']);
    expect((await stat(path)).mode & 0o007).toBe(0);
  });

  test('starts a new line after one that a crash cut short', async () => {
    await writeFile(path, '{"id":"whole"}\n{"id":"cut sho');
    const sink = await open();
    await sink.deliver(record('next'));
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.slice(0, 2)).toEqual(['{"id":"whole"}', '{"id":"cut sho']);
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({ id: 'next' });
  });

  test('starts a new line after one that another cut short meanwhile', async () => {
    const sink = await open();
    await sink.deliver(record('a'));
    appendFileSync(path, '{"id":"cut sho');
    await sink.deliver(record('b'));
    await sink.deliver(record('c'));
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines.splice(1, 1)).toEqual(['{"id":"cut sho']);
    expect(ids(lines.join('\n'))).toEqual(['a', 'b', 'c']);
  });

  test('waits for the end of a line that another is writing', async () => {
    const sink = await open();
    const pieces = ['{"id":"slow"', ',"a":1', ',"b":2', ',"c":3', '}\n'];
    appendFileSync(path, pieces.shift() ?? '');
    const writing = setInterval(() => appendFileSync(path, pieces.shift() ?? ''), 2);
    await sink.deliver(record('next'));
    clearInterval(writing);
    expect(ids()).toEqual(['slow', 'next']);
  });

  test('ends what is under way when it closes', async () => {
    const sink = await NdjsonSink.open({ name: 'n', path, wants: () => true });
    const delivered = Promise.all(['a', 'b'].map((id) => sink.deliver(record(id))));
    await sink.close();
    await delivered;
    expect(ids()).toEqual(['a', 'b']);
  });
});

test('a group of events costs one write', async () => {
  const trace = join(directory, 'trace');
  const script = `
    const { NdjsonSink } = await import(${JSON.stringify(new URL('../../dist/sinks/ndjson/ndjson.js', import.meta.url).href)});
    const { record } = await import(${JSON.stringify(new URL('./ndjson-record.mjs', import.meta.url).href)});
    const fs = (await import('node:fs')).default;
    const sink = await NdjsonSink.open({ name: 'n', path: ${JSON.stringify(path)}, wants: () => true });
    const size = () => fs.statSync(${JSON.stringify(path)}).size;
    const sizes = new Set();
    const watching = setInterval(() => sizes.add(size()), 0);
    await Promise.all(Array.from({ length: 1000 }, (_, i) => sink.deliver(record(String(i)))));
    clearInterval(watching);
    sizes.add(size());
    sizes.delete(0);
    fs.writeFileSync(${JSON.stringify(trace)}, String(sizes.size));
  `;
  execFileSync(process.execPath, ['--input-type=module', '-e', script]);
  expect(Number(readFileSync(trace, 'utf8'))).toBe(1);
  expect(ids()).toHaveLength(1_000);
});

test('processes that append to one file at the same time keep their lines whole', async () => {
  const input = { path, count: 600, padding: 3_000 };
  const appenders = ['a', 'b', 'c'].map((from) =>
    startScript(new URL('./ndjson-appender.mjs', import.meta.url), { ...input, from }),
  );
  await Promise.all(appenders.map(({ ended }) => ended));
  const found = ids();
  expect(found).toHaveLength(1_800);
  expect(new Set(found).size).toBe(1_800);
});

describe('a destination that is no file', () => {
  test('may be a pipe, whose slow reader gets every line', async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reader = startScript(new URL('./slow-reader.mjs', import.meta.url), { path: fifo });
    const sink = await open(fifo);
    const big = JSON.stringify({ padding: 'x'.repeat(2_000) });
    const wanted = Array.from({ length: 300 }, (_, index) => `e-${index}`);
    await Promise.all(wanted.map((id) => sink.deliver(record(id, { json: big }))));
    await sink.close();
    sinks = [];
    await reader.ended;
    expect(JSON.parse(reader.stdout)).toEqual(wanted);
  });

  test('may be a pipe, which says that its reader has gone', async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const opening = open(fifo);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const sink = await opening;
    await sink.deliver(record('a'));
    closeSync(reader);
    await expect(sink.deliver(record('b'))).rejects.toThrow(/EPIPE/);
  });

  test('may be a pipe, which is refused when nobody comes to read it', async () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    await expect(open(fifo)).rejects.toThrow(/cannot append to .*fifo \(ENXIO\)/);
  });

  test('may be standard output, a pipe that is read slowly', async () => {
    const script = startScript(new URL('./to-stdout.mjs', import.meta.url), { count: 2_000, padding: 500 });
    await script.ended;
    expect(ids(script.stdout)).toHaveLength(2_000);
  });

  test('that is full refuses the event, so that it is tried again', async () => {
    const sink = await open('/dev/full');
    await expect(sink.deliver(record('a'))).rejects.toThrow(/ENOSPC/);
    await expect(sink.deliver(record('b'))).rejects.toThrow(/ENOSPC/);
  });
});

describe('a file that cannot be written', () => {
  test.each([
    ['is a directory', () => directory, 'EISDIR'],
    ['is in no directory', () => join(directory, 'missing', 'f'), 'ENOENT'],
    ['is below a file', () => join(path, 'f'), 'ENOTDIR'],
  ])('because it %s is refused with one line', async (_, where, code) => {
    appendFileSync(path, '');
    const opening = NdjsonSink.open({ name: 'ndjson:x', path: where(), wants: () => true });
    await expect(opening).rejects.toThrow(UsageError);
    await expect(opening).rejects.toMatchObject({
      code: 'SINK_UNWRITABLE',
      message: `sinks: ndjson:x: cannot append to ${where()} (${code}): check the path and its permissions`,
    });
  });

  test('may still be one that cannot be read', async () => {
    await writeFile(path, '{"id":"old"}\n', { mode: 0o200 });
    // Root may read everything, so that the sink has to be somebody else.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    if (nobody.uid !== undefined) {
      await chown(path, nobody.uid, nobody.gid);
      await chmod(directory, 0o711);
    }
    const appender = new URL('./ndjson-appender.mjs', import.meta.url);
    const input = JSON.stringify({ path, from: 'a', count: 2, padding: 1 });
    execFileSync(process.execPath, [fileURLToPath(appender), input], nobody);
    await chmod(path, 0o600);
    // It cannot know how the file ends, and so begins with a line break, once.
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/^\{"id":"old"\}\n\n\{/);
    expect(ids(text.replace('\n\n', '\n'))).toEqual(['old', 'a-0', 'a-1']);
  });

  test.skipIf(process.getuid?.() === 0)('because of its permissions is refused', async () => {
    appendFileSync(path, '');
    await chmod(path, 0o400);
    await expect(open()).rejects.toThrow(/EACCES/);
  });
});
