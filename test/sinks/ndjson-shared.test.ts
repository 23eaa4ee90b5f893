/** A file that others append to, change and put aside while the sink is between its own system calls. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppendFile } from '../../src/sinks/ndjson/append-file.js';
import { NdjsonSink } from '../../src/sinks/ndjson/ndjson.js';
import { endOf, holds } from '../../src/sinks/ndjson/read-back.js';
import { startScript } from '../support/script.js';
import { record } from './records.js';

/** What happens at the next system calls, each once; and which directories were synced. */
const next = vi.hoisted(() => ({
  beforeWrite: [] as (() => void)[],
  afterOpen: [] as (() => void)[],
  /** Bytes that a write takes at most. */
  takes: [] as number[],
  synced: [] as string[],
}));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const { promisify } = await import('node:util');
  const write = promisify(fs.write) as (...args: unknown[]) => Promise<unknown>;
  const open = promisify(fs.open) as (...args: unknown[]) => Promise<unknown>;
  const hooked = {
    write: async (fd: number, data: Buffer, offset: number) => {
      next.beforeWrite.shift()?.();
      return write(fd, data, offset, Math.min(next.takes.shift() ?? data.length, data.length - offset));
    },
    open: async (...args: unknown[]) => {
      const fd = await open(...args);
      next.afterOpen.shift()?.();
      return fd;
    },
  };
  return {
    ...fs,
    write: Object.assign(() => {}, { [promisify.custom]: hooked.write }),
    open: Object.assign(() => {}, { [promisify.custom]: hooked.open }),
  };
});

vi.mock('../../src/sync-directory.js', () => ({
  syncDirectory: async (path: string) => void next.synced.push(path),
}));

let directory: string;
let path: string;
let closing: { close(): Promise<void> }[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-shared-'));
  path = join(directory, 'events.ndjson');
  closing = [];
  for (const hooks of Object.values(next)) hooks.length = 0;
});

afterEach(async () => {
  await Promise.all(closing.map((one) => one.close()));
  await rm(directory, { recursive: true, force: true });
});

async function open(): Promise<NdjsonSink> {
  const sink = await NdjsonSink.open({ name: 'ndjson:file', path, wants: () => true });
  closing.push(sink);
  return sink;
}

async function openFile(at = path): Promise<AppendFile> {
  const file = await AppendFile.open(at);
  closing.push(file);
  return file;
}

/** The ids of all lines that can be read. */
function readable(at = path): string[] {
  return readFileSync(at, 'latin1')
    .split('\n')
    .flatMap((line) => {
      try {
        return [(JSON.parse(line) as { id: string }).id];
      } catch {
        return [];
      }
    });
}

describe('what others do between the look at the end and the write', () => {
  test('a line that is cut short tears the first of a group, which is written again', async () => {
    const sink = await open();
    await sink.deliver(record('a'));
    next.beforeWrite.push(() => appendFileSync(path, '{"id":"cut sho'));
    await Promise.all(['b', 'c'].map((id) => sink.deliver(record(id))));
    expect(readable()).toEqual(['a', 'c', 'b', 'c']);
    await sink.deliver(record('d'));
    expect(readable()).toEqual(['a', 'c', 'b', 'c', 'd']);
  });

  test('also at the beginning of a file', async () => {
    const sink = await open();
    next.beforeWrite.push(() => appendFileSync(path, '{"id":"cut sho'));
    await sink.deliver(record('a'));
    expect(readable()).toEqual(['a']);
  });

  test('whole lines change nothing', async () => {
    const sink = await open();
    next.beforeWrite.push(() => appendFileSync(path, '{"id":"other"}\n'));
    await sink.deliver(record('a'));
    next.beforeWrite.push(() => appendFileSync(path, '{"id":"more"}\n'));
    await sink.deliver(record('b'));
    expect(readable()).toEqual(['other', 'a', 'more', 'b']);
  });

  test('a file that is emptied keeps what comes next', async () => {
    const sink = await open();
    await sink.deliver(record('a'));
    next.beforeWrite.push(() => truncateSync(path, 0));
    await sink.deliver(record('b'));
    expect(readable()).toEqual(['b']);
  });

  test('whoever tears it each time gets an error that says so', async () => {
    const sink = await open();
    const tear = () => appendFileSync(path, '{"id":"cut sho');
    next.beforeWrite.push(tear, tear, tear, tear, tear);
    await expect(sink.deliver(record('a'))).rejects.toThrow(
      `${path} is taken away, or its lines are torn by others, each time that it is written to`,
    );
    await sink.deliver(record('a'));
    expect(readable()).toEqual(['a']);
  });
});

describe('a write that takes only a part', () => {
  test('goes on, and is in one piece when nobody else has written', async () => {
    const sink = await open();
    next.takes.push(10, 20);
    await sink.deliver(record('a'));
    expect(readable()).toEqual(['a']);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2);
  });

  test('is written again when another line came in the middle of it', async () => {
    const sink = await open();
    next.takes.push(10);
    next.beforeWrite.push(
      () => {},
      () => appendFileSync(path, '\n{"id":"other"}\n'),
    );
    await sink.deliver(record('a'));
    expect(readable()).toEqual(['other', 'a']);
  });
});

// Root may read everything, so that the file is another's for it.
test('a file that cannot be read: lines that may have been torn are written again', () => {
  writeFileSync(path, '{"id":"cut sho', { mode: 0o200 });
  const uid = process.getuid?.() === 0 ? 65_534 : undefined;
  if (uid !== undefined) {
    execFileSync('chown', [`${uid}:${uid}`, path]);
    chmodSync(directory, 0o711);
  }
  const script = fileURLToPath(new URL('./ndjson-unreadable.mjs', import.meta.url));
  execFileSync(process.execPath, [script, path], uid === undefined ? {} : { uid, gid: uid });
  chmodSync(path, 0o600);
  expect(new Set(readable())).toEqual(new Set(['a', 'b', 'other', 'c', 'd']));
  expect(readFileSync(path, 'utf8')).not.toMatch(/\n\n\n/);
});

describe('reading back', () => {
  const look = async (content: string, lines: string, from: number) => {
    writeFileSync(path, content);
    const { openSync, closeSync } = await vi.importActual<typeof import('node:fs')>('node:fs');
    const fd = openSync(path, 'r');
    try {
      return await holds(fd, Buffer.from(lines), BigInt(from), (await endOf(fd)).size);
    } finally {
      closeSync(fd);
    }
  };

  test.each([
    ['alone', 'a\n', 'a\n', 0, true],
    ['behind a line', 'x\na\n', 'a\n', 2, true],
    ['behind half a line', 'x\nhalfa\n', 'a\n', 2, false],
    ['behind half a line at the beginning', 'halfa\n', 'a\n', 0, false],
    ['before it was appended', 'a\nx\ny\n', 'a\n', 4, false],
    ['in two pieces', 'x\na\ny\nb\n', 'a\nb\n', 2, false],
    ['with a gap', 'x\na\0\0b\n', 'a--b\n', 2, false],
    ['in a file that is shorter than it was', 'a\n', 'a\n', 100, true],
    ['in an empty file', '', 'a\n', 100, false],
  ])('%s', async (_, content, lines, from, found) => {
    expect(await look(content, lines, from)).toBe(found);
  });

  // Around the sizes of what is read at a time.
  test.each([1, 65_530, 65_535, 65_536, 131_072, 400_000])(
    'with %i bytes of others before and after',
    async (count) => {
      const others = `${'o'.repeat(count)}\n`;
      expect(await look(`x\n${others}abc\n${others}`, 'abc\n', 2)).toBe(true);
      expect(await look(`x\n${others}-abc\n${others}`, 'abc\n', 2)).toBe(false);
      expect(await look(`x\n${others}${others}abc\n`, `${others}abc\n`, 2)).toBe(true);
    },
  );
});

describe('opening', () => {
  test('leaves a file sealed that was put aside and sealed in between, and opens the one that is there', async () => {
    const aside = join(directory, 'aside');
    writeFileSync(path, '{"id":"old"}\n');
    next.afterOpen.push(
      () => {
        renameSync(path, aside);
        chmodSync(aside, 0o440);
        writeFileSync(path, '');
      },
      // Nothing tells the two apart when what is at the path cannot be read.
      () => {
        throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
      },
    );
    const file = await openFile();
    await file.append(Buffer.from('{"id":"new"}\n'));
    expect(await file.keeps()).toBe(true);
    expect(statSync(aside).mode & 0o777).toBe(0o440);
    expect([readable(aside), readable()]).toEqual([['old'], ['new']]);
  });

  test.runIf(process.getuid?.() === 0)('gives a file of its own the permission that it lacks', async () => {
    writeFileSync(path, '', { mode: 0o440 });
    const file = await openFile();
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(await file.keeps()).toBe(true);
  });

  test('of a link makes the name last where the file is', async () => {
    mkdirSync(join(directory, 'elsewhere'));
    const real = join(directory, 'elsewhere', 'real.ndjson');
    symlinkSync(real, path);
    await openFile();
    expect(next.synced).toEqual([real]);
  });
});

test('whoever is killed in the middle of a write takes no confirmed line of another process along', async () => {
  // In memory a write is one stretch of copying, which a signal ends at any byte and others wait for.
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const shared = await mkdtemp(join(memory, 'receiptd-killed-'));
  try {
    for (let round = 0; round < 8; round += 1) {
      const at = join(shared, `${round}.ndjson`);
      const victim = startScript(new URL('./ndjson-victim.mjs', import.meta.url), {
        path: at,
        bytes: 8_000_000,
      });
      const confirmed: string[] = [];
      let over = false;
      const append = async (from: number) => {
        const file = await openFile(at);
        for (let count = 0; count === 0 || !over; count += 1) {
          const id = `${from}-${count}`;
          do await file.append(Buffer.from(`{"id":"${id}"}\n`));
          while (!(await file.keeps()));
          confirmed.push(id);
        }
      };
      const appending = [1, 2, 3].map(append);
      await victim.ended;
      over = true;
      await Promise.all(appending);
      const found = new Set(readable(at));
      expect(confirmed.length).toBeGreaterThan(0);
      expect(confirmed.filter((id) => !found.has(id))).toEqual([]);
      rmSync(at);
    }
  } finally {
    await rm(shared, { recursive: true, force: true });
  }
});
