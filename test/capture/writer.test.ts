/** Raw messages in files: what an append that has resolved promises, and when files begin and end. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { disk, type FileLayer } from '../../src/capture/file-layer.js';
import { CaptureWriter } from '../../src/capture/index.js';
import { UsageError } from '../../src/errors.js';
import { until } from '../support/until.js';
import { Captures, message, ORIGIN, readFile } from './support.js';

afterEach(() => {
  vi.useRealTimers();
});

/** The real disk, counting. */
function counting(): FileLayer & { syncs: number; directorySyncs: number } {
  const layer = {
    ...disk,
    syncs: 0,
    directorySyncs: 0,
    async create(path: string) {
      const file = await disk.create(path);
      const datasync = file.datasync.bind(file);
      file.datasync = () => {
        layer.syncs += 1;
        return datasync();
      };
      return file;
    },
    syncDirectory(path: string) {
      layer.directorySyncs += 1;
      return disk.syncDirectory(path);
    },
  };
  return layer;
}

describe.each([
  ['plain', false],
  ['gzip', true],
])('%s', (_, gzip) => {
  test('an append that has resolved can be read at once, the file still being open', async () => {
    await using captures = await Captures.create();
    const writer = await captures.writer({ gzip });
    for (const id of ['a', 'b', 'c']) {
      await writer.append([message(id), message(`${id}2`)], ORIGIN);
      const [name = ''] = await captures.files();
      const found = await readFile(join(captures.dir, name), gzip);
      expect(found.map(({ messageId }) => messageId)).toContain(`${id}2`);
    }
  });

  test('a file says all that is known of a message, and standard tools read it', async () => {
    await using captures = await Captures.create();
    const writer = await captures.writer({ gzip });
    const body = 'bm90IEpTT04=';
    await writer.append([message('m-1', { body, dequeueCount: 3, receivedAt: 1_700_000_000_123 })], ORIGIN);
    await writer.append([message('m-2', { body: '短信 \n"\\ \u0000 \ud800' })], ORIGIN);
    await writer.close();
    const [name = ''] = await captures.files();
    const text = execFileSync(gzip ? 'zcat' : 'cat', [join(captures.dir, name)], { encoding: 'utf8' });
    const [first = '', second = '', rest] = text.split('\n');
    expect(JSON.parse(first)).toEqual({
      messageId: 'm-1',
      queueName: 'Q-1',
      messageType: 'SmsReport',
      body,
      enqueueTime: 1_700_000_000_000,
      dequeueCount: 3,
      receivedAt: 1_700_000_000_123,
      mnsHost: 'mns.test',
    });
    expect((JSON.parse(second) as { body: string }).body).toBe('短信 \n"\\ \u0000 \ud800');
    expect(rest).toBe('');
    expect((await stat(join(captures.dir, name))).mode & 0o777).toBe(0o640);
  });

  test('a file is rotated by its size on disk, and none is larger', async () => {
    await using captures = await Captures.create();
    const writer = await captures.writer({ gzip, maxBytes: 4_000 });
    const ids = Array.from({ length: 100 }, (_, n) => `message-${n}`);
    const random = (n: number) => Buffer.from(`${Math.sin(n)}${Math.cos(n)}`.repeat(4)).toString('base64');
    for (const [n, id] of ids.entries()) await writer.append([message(id, { body: random(n) })], ORIGIN);
    await writer.close();
    const files = await captures.files();
    expect(files.length).toBeGreaterThan(2);
    for (const name of files) expect((await stat(join(captures.dir, name))).size).toBeLessThanOrEqual(4_000);
    if (gzip) for (const name of files) execFileSync('gzip', ['-t', join(captures.dir, name)]);
    expect(await captures.ids()).toEqual(ids);
  });

  test('a file ends by itself when it is old enough, though nothing more comes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await using captures = await Captures.create();
    const closed: string[] = [];
    const layer: FileLayer = {
      ...disk,
      async create(path) {
        const file = await disk.create(path);
        const close = file.close.bind(file);
        file.close = async () => {
          await close();
          closed.push(path);
        };
        return file;
      },
    };
    const writer = await captures.writer({ gzip, maxAge: 5_000 }, layer);
    await vi.advanceTimersByTimeAsync(60_000);
    await writer.append([message('a')], ORIGIN);
    await vi.advanceTimersByTimeAsync(4_000);
    await writer.append([message('b')], ORIGIN);
    // Counted from its first message.
    await vi.advanceTimersByTimeAsync(999);
    expect(closed).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    await until('the file to be closed', () => closed.length === 1);
    await writer.append([message('c')], ORIGIN);
    await writer.close();
    expect(await captures.files()).toHaveLength(2);
    expect(await captures.ids()).toEqual(['a', 'b', 'c']);
  });
});

test('appends of one moment share a write and a sync', async () => {
  await using captures = await Captures.create();
  const layer = counting();
  const writer = await captures.writer({}, layer);
  const ids = Array.from({ length: 300 }, (_, n) => `m-${n}`);
  await Promise.all(ids.map((id) => writer.append([message(id)], ORIGIN)));
  expect(layer.syncs).toBe(1);
  expect(layer.directorySyncs).toBe(1);
  expect(await captures.ids()).toEqual(ids);
});

test('an append is confirmed after its sync, not before', async () => {
  await using captures = await Captures.create();
  const syncs: (() => void)[] = [];
  const layer: FileLayer = {
    ...disk,
    async create(path) {
      const file = await disk.create(path);
      file.datasync = () => new Promise((resolve) => syncs.push(resolve));
      return file;
    },
  };
  const writer = await captures.writer({}, layer);
  const confirmed: string[] = [];
  const append = (id: string) => writer.append([message(id)], ORIGIN).then(() => confirmed.push(id));
  const first = append('a');
  await until('the first sync', () => syncs.length === 1);
  // These come while it is under way, and go out together.
  const others = [append('b'), append('c')];
  expect(confirmed).toEqual([]);
  syncs.shift()?.();
  await first;
  await until('the second sync', () => syncs.length === 1);
  expect(confirmed).toEqual(['a']);
  syncs.shift()?.();
  await Promise.all(others);
  const closing = writer.close();
  await until('the last sync', () => syncs.length === 1);
  syncs.shift()?.();
  await closing;
});

test('makes no file without messages, and a new one for every start', async () => {
  await using captures = await Captures.create();
  const idle = await captures.writer();
  await idle.append([], ORIGIN);
  await idle.close();
  expect(await captures.files()).toEqual([]);
  for (const id of ['a', 'b', 'c']) {
    const writer = await captures.writer({ writer: 7 });
    await writer.append([message(id)], ORIGIN);
    await writer.close();
  }
  const files = await captures.files();
  expect(files).toHaveLength(3);
  for (const name of files)
    expect(name).toMatch(new RegExp(`^receipts-\\d{8}T\\d{6}\\.\\d{3}Z-${process.pid}-7-\\d{4}\\.ndjson$`));
  expect(await captures.ids()).toEqual(['a', 'b', 'c']);
});

test('writers of one moment never share a file, even with one name', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  await using captures = await Captures.create();
  const writers = await Promise.all(Array.from({ length: 8 }, () => captures.writer()));
  await Promise.all(writers.map((writer, n) => writer.append([message(`m-${n}`)], ORIGIN)));
  await Promise.all(writers.map((writer) => writer.close()));
  expect(await captures.files()).toHaveLength(8);
  expect((await captures.ids()).sort()).toEqual(Array.from({ length: 8 }, (_, n) => `m-${n}`));
});

test('masks phone numbers, the same in every writer of a run', async () => {
  await using captures = await Captures.create();
  const body = Buffer.from('{"phone_number":"13800138000","biz_id":"932702304080415357^0"}').toString(
    'base64',
  );
  for (const writer of [1, 2]) {
    const capture = await captures.writer({ writer, maskPhones: true });
    await capture.append([message('a', { body })], ORIGIN);
    await capture.close();
  }
  const bodies = (await captures.messages()).map((found) => Buffer.from(found.body, 'base64').toString());
  expect(bodies).toHaveLength(2);
  expect(bodies[0]).toMatch(/^\{"phone_number":"138\d{8}","biz_id":"932702304080415357\^0"\}$/);
  expect(bodies[0]).not.toContain('13800138000');
  expect(bodies[1]).toBe(bodies[0]);
});

test('goes on in a new file when somebody has deleted the old one, or the whole directory', async () => {
  await using captures = await Captures.create();
  const writer = await captures.writer();
  await writer.append([message('a')], ORIGIN);
  await rm(captures.dir, { recursive: true });
  await writer.append([message('b')], ORIGIN);
  expect(await captures.ids()).toEqual(['b']);
});

test('close writes what waits, and then nothing more comes in', async () => {
  await using captures = await Captures.create();
  const writer = await captures.writer({ gzip: true });
  const last = writer.append([message('a')], ORIGIN);
  await writer.close();
  await last;
  expect(await captures.ids()).toEqual(['a']);
  await expect(writer.append([message('b')], ORIGIN)).rejects.toThrow('capturing has ended');
  await writer.close();
});

describe('refuses a directory', () => {
  const open = (captures: Captures, dir: string) => CaptureWriter.open(captures.options({ dir }));

  test('that is a file, or below one', async () => {
    await using captures = await Captures.create();
    const file = join(captures.root, 'file');
    await writeFile(file, '');
    await expect(open(captures, file)).rejects.toThrow(/^capture\.dir: .*\(EEXIST\): .*file$/);
    await expect(open(captures, join(file, 'raw'))).rejects.toThrow(
      /^capture\.dir: this is no directory \(ENOTDIR\): check .*file\/raw$/,
    );
    await expect(open(captures, file)).rejects.toBeInstanceOf(UsageError);
  });

  test.skipIf(process.getuid?.() === 0)('that may not be written to', async () => {
    await using captures = await Captures.create();
    await mkdir(captures.dir);
    await chmod(captures.dir, 0o500);
    await expect(open(captures, captures.dir)).rejects.toThrow(/^capture\.dir: .*\(EACCES\)/);
    await chmod(captures.dir, 0o700);
  });
});
