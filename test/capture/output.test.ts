/** The file of `receiptd capture`: whole whatever the disk does, and nobody has to guess how much is in it. */
import { execFileSync } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { disk, type FileLayer } from '../../src/capture/file-layer.js';
import { CaptureOutput } from '../../src/capture/index.js';
import { dice } from '../support/random.js';
import { Captures } from './support.js';

/** Files of at most so many bytes. A write past that has written what there was room for before it fails. */
function smallDisk(limit: number): FileLayer {
  return {
    ...disk,
    async create(path) {
      const file = await disk.create(path);
      return {
        stat: () => file.stat(),
        close: () => file.close(),
        datasync: async () => {},
        async truncate(length) {
          if (length > limit) throw tooLarge();
          await file.truncate(length);
        },
        async write(data, offset, length, position) {
          const room = Math.min(length, limit - position);
          if (room <= 0) throw tooLarge();
          return file.write(data, offset, room, position);
        },
      };
    },
  };
}

function tooLarge(): Error {
  return Object.assign(new Error('EFBIG: file too large'), { code: 'EFBIG' });
}

const random = dice(1);
/** Groups that do not compress to nothing. */
const GROUPS = Array.from({ length: 4 }, (_, n) =>
  Array.from({ length: n + 1 }, () => `{"body":"${random().toString(36)}"}\n`),
);
const ALL = GROUPS.flat();

describe.each([
  ['plain', 'raw.ndjson', (bytes: Buffer) => bytes],
  ['gzip', 'raw.ndjson.gz', (bytes: Buffer) => gunzipSync(bytes)],
] as const)('a file, %s,', (_, name, unpack) => {
  test('ends behind what was counted, wherever the disk is full', async () => {
    await using captures = await Captures.create();
    const counts = new Set<number>();
    for (let limit = 1; limit < 480; limit += 1) {
      const path = join(captures.root, `${limit}-${name}`);
      const output = await CaptureOutput.open(path, smallDisk(limit));
      let taken = 0;
      for (const group of GROUPS) taken += await output.write(group);
      const closed = output.close();
      if (taken === ALL.length) await closed;
      else await expect(closed).rejects.toThrow('--output: the file size limit is reached (EFBIG): check ');
      counts.add(taken);
      if (taken === 0) await output.remove();
      else expect(unpack(await readFile(path)).toString()).toBe(ALL.slice(0, taken).join(''));
    }
    // Every group has been the last.
    expect([...counts].sort((a, b) => a - b)).toEqual([0, 1, 3, 6, 10]);
  }, 20_000);

  test('is whole after every group, also for a process that is killed', async () => {
    await using captures = await Captures.create();
    const path = join(captures.root, name);
    const output = await CaptureOutput.open(path);
    for (const [n, group] of GROUPS.entries()) {
      await output.write(group);
      expect(unpack(await readFile(path)).toString()).toBe(
        GROUPS.slice(0, n + 1)
          .flat()
          .join(''),
      );
    }
    await output.close();
    expect(unpack(await readFile(path)).toString()).toBe(ALL.join(''));
  });

  test('that nothing came into is an empty one', async () => {
    await using captures = await Captures.create();
    const path = join(captures.root, name);
    await (await CaptureOutput.open(path)).close();
    expect(unpack(await readFile(path))).toHaveLength(0);
  });

  test('does not mix what comes at the same time', async () => {
    await using captures = await Captures.create();
    const path = join(captures.root, name);
    const output = await CaptureOutput.open(path);
    await Promise.all(GROUPS.map((group) => output.write(group)));
    await output.close();
    expect(unpack(await readFile(path)).toString()).toBe(ALL.join(''));
  });
});

test('a device that is full takes nothing, and says so', async () => {
  const output = await CaptureOutput.open('/dev/full');
  expect(await output.write(GROUPS[3] ?? [])).toBe(0);
  expect(await output.write(GROUPS[3] ?? [])).toBe(0);
  await expect(output.close()).rejects.toThrow(
    '--output: the disk is full (ENOSPC): make room for /dev/full',
  );
});

test.each([
  ['pipe', (bytes: Buffer) => bytes],
  ['pipe.gz', (bytes: Buffer) => gunzipSync(bytes)],
] as const)('a named pipe takes all that its reader wants: %s', async (name, unpack) => {
  await using captures = await Captures.create();
  const path = join(captures.root, name);
  execFileSync('mkfifo', [path]);
  const [reader, output] = await Promise.all([open(path, 'r'), CaptureOutput.open(path)]);
  const read = reader.readFile();
  for (const group of GROUPS) expect(await output.write(group)).toBe(group.length);
  await output.close();
  expect(unpack(await read).toString()).toBe(ALL.join(''));
  await reader.close();
});

test('a reader that has gone has taken what went into the pipe before, line by line', async () => {
  await using captures = await Captures.create();
  const path = join(captures.root, 'pipe');
  execFileSync('mkfifo', [path]);
  const [reader, output] = await Promise.all([open(path, 'r'), CaptureOutput.open(path)]);
  expect(await output.write(ALL)).toBe(ALL.length);
  // More than a pipe takes at once: the write waits for the reader.
  const lines = Array.from({ length: 40 }, () => `${'x'.repeat(9_999)}\n`);
  const writing = output.write(lines);
  const { bytesRead } = await reader.read(Buffer.alloc(1));
  expect(bytesRead).toBe(1);
  await reader.close();
  const taken = await writing;
  expect(taken).toBeLessThan(lines.length);
  expect(await output.write(lines)).toBe(0);
  // Its reader wants no more: nothing is wrong.
  await output.close();
});
