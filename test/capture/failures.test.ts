/** Disks that are full or broken: nothing half-written stays, nothing is confirmed that is not there, and it works again. */
import { execFileSync } from 'node:child_process';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { disk, type FileLayer, type WritableFile } from '../../src/capture/file-layer.js';
import { ReceiptdError } from '../../src/errors.js';
import { dice, whole } from '../support/random.js';
import { startScript } from '../support/script.js';
import { Captures, message, ORIGIN, readFile } from './support.js';

const FEW_BYTES = 16;

type Step = 'create' | 'syncDirectory' | 'write' | 'datasync' | 'truncate';

/** The real disk until told otherwise. A write that fails has written half of it before. */
class BadDisk implements FileLayer {
  readonly faults = new Map<Step, string>();
  /** Faults that happen by chance. */
  random: (() => boolean) | undefined;

  async create(path: string): Promise<WritableFile> {
    this.#step('create');
    const file = await disk.create(path);
    return {
      write: async (data, offset, length, position) => {
        // Even a full disk has room for a few bytes where some were taken back.
        const code = length > FEW_BYTES ? this.#fault('write') : undefined;
        if (code === undefined) return file.write(data, offset, Math.min(length, 1_000), position);
        await file.write(data, offset, length >> 1, position);
        throw failure(code);
      },
      datasync: async () => {
        this.#step('datasync');
        await file.datasync();
      },
      truncate: async (length) => {
        this.#step('truncate');
        await file.truncate(length);
      },
      stat: () => file.stat(),
      close: () => file.close(),
    };
  }

  async syncDirectory(path: string): Promise<void> {
    this.#step('syncDirectory');
    await disk.syncDirectory(path);
  }

  remove(path: string): Promise<void> {
    return disk.remove(path);
  }

  #step(step: Step): void {
    const code = this.#fault(step);
    if (code !== undefined) throw failure(code);
  }

  #fault(step: Step): string | undefined {
    return this.faults.get(step) ?? (this.random?.() ? 'EIO' : undefined);
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: it failed, ${code}`), { code });
}

describe.each([
  ['plain', false],
  ['gzip', true],
])('%s', (_, gzip) => {
  test.each<[Step, string, RegExp]>([
    ['write', 'ENOSPC', /^capture\.dir: the disk is full \(ENOSPC\): make room for .*raw$/],
    ['write', 'EDQUOT', /^capture\.dir: the disk quota is used up \(EDQUOT\): make room for .*raw$/],
    ['datasync', 'EIO', /^capture\.dir: the disk reports an error \(EIO\): check .*raw$/],
    ['create', 'EROFS', /^capture\.dir: the file system is read-only \(EROFS\): check .*raw$/],
    ['syncDirectory', 'EIO', /^capture\.dir: the disk reports an error \(EIO\): check .*raw$/],
  ])('a failed %s (%s) rejects, leaves nothing behind, and ends with its cause', async (step, code, line) => {
    await using captures = await Captures.create();
    const layer = new BadDisk();
    const writer = await captures.writer({ gzip }, layer);
    const inOldFile = step === 'write' || step === 'datasync';
    if (inOldFile) await writer.append([message('before')], ORIGIN);
    layer.faults.set(step, code);
    const batch = [message('a'), message('b'.repeat(5_000))];
    for (let tries = 0; tries < 3; tries += 1) {
      const error: unknown = await writer.append(batch, ORIGIN).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ReceiptdError);
      expect(error).toMatchObject({ code: 'CAPTURE_WRITE', message: expect.stringMatching(line) as string });
    }
    // Not one file more for every try.
    expect(await captures.files()).toHaveLength(inOldFile ? 1 : 0);
    layer.faults.clear();
    await writer.append(batch, ORIGIN);
    await writer.append([message('after')], ORIGIN);
    await writer.close();
    const ids = (await captures.ids()).map((id) => id?.slice(0, 6));
    expect(ids).toEqual([...(inOldFile ? ['before'] : []), 'a', 'bbbbbb', 'after']);
    const files = await captures.files();
    if (gzip) for (const name of files) execFileSync('gzip', ['-t', join(captures.dir, name)]);
  });

  test('what a write that cannot even be taken back left behind hurts nobody', async () => {
    await using captures = await Captures.create();
    const layer = new BadDisk();
    const writer = await captures.writer({ gzip }, layer);
    await writer.append([message('before')], ORIGIN);
    layer.faults.set('write', 'EIO').set('truncate', 'EIO');
    await expect(writer.append([message('lost')], ORIGIN)).rejects.toThrow('(EIO)');
    layer.faults.clear();
    await writer.append([message('after')], ORIGIN);
    await writer.close();
    const [old = '', next = ''] = await captures.files();
    expect((await readFile(join(captures.dir, old), true))[0]?.messageId).toBe('before');
    expect((await readFile(join(captures.dir, next))).map(({ messageId }) => messageId)).toEqual(['after']);
  });

  test('confirmed is what is there, whatever fails when', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      await using captures = await Captures.create();
      const random = dice(seed);
      const layer = new BadDisk();
      layer.random = () => random() < 0.1;
      const writer = await captures.writer({ gzip, maxBytes: 2_000 }, layer);
      const confirmed: string[] = [];
      let next = 0;
      const append = async (): Promise<void> => {
        const batch = Array.from({ length: whole(random, 1, 4) }, () => message(`m-${next++}`));
        for (let tries = 0; tries < 30; tries += 1) {
          try {
            await writer.append(batch, ORIGIN);
            confirmed.push(...batch.map(({ messageId }) => messageId));
            return;
          } catch {}
        }
      };
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(Array.from({ length: whole(random, 1, 3) }, append));
      }
      layer.random = undefined;
      await writer.close();
      const found = new Set<string | undefined>();
      for (const name of await captures.files())
        for (const { messageId } of await readFile(join(captures.dir, name), true)) found.add(messageId);
      expect(confirmed.length).toBeGreaterThan(20);
      expect(
        confirmed.filter((id) => !found.has(id)),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });
});

test('the kernel says that the device is full', async () => {
  await using captures = await Captures.create();
  let full = true;
  const layer: FileLayer = {
    ...disk,
    create: (path) => (full ? open('/dev/full', 'w') : disk.create(path)),
  };
  const writer = await captures.writer({}, layer);
  await expect(writer.append([message('a')], ORIGIN)).rejects.toThrow(
    'capture.dir: the disk is full (ENOSPC)',
  );
  full = false;
  await writer.append([message('a')], ORIGIN);
  expect(await captures.ids()).toEqual(['a']);
});

const script = new URL('fill.mjs', import.meta.url);

test('a limit on the size of files is met without losing what was confirmed', async () => {
  await using captures = await Captures.create();
  // In blocks of 1 KiB.
  const output = execFileSync(
    'bash',
    [
      '-c',
      'ulimit -f 64 && exec "$0" "$@"',
      process.execPath,
      script.pathname,
      JSON.stringify({ dir: captures.dir, count: 400 }),
    ],
    { encoding: 'utf8' },
  );
  const { confirmed, errors } = JSON.parse(output) as { confirmed: string[]; errors: string[] };
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors)
    expect(error).toMatch(/^capture\.dir: the file size limit is reached \(EFBIG\): check /);
  expect(await captures.ids()).toEqual(confirmed);
});

/** Only who may mount something can fill a disk of his own. */
const mounts = (() => {
  try {
    execFileSync('unshare', ['-rm', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.runIf(mounts)(
  'a disk that fills up keeps what was confirmed, and takes more once there is room',
  async () => {
    await using captures = await Captures.create();
    const inside = [
      'mkdir -p "$1"',
      'mount -t tmpfs -o size=128k tmpfs "$1"',
      '"$2" "$3" "$4"',
      'mkdir "$5"',
      'cp "$1"/* "$5"',
    ];
    const copies = join(captures.root, 'copies');
    const input = JSON.stringify({ dir: captures.dir, count: 800, makeRoom: true });
    const output = execFileSync(
      'unshare',
      [
        '-rm',
        'sh',
        '-ec',
        inside.join('\n'),
        'sh',
        captures.dir,
        process.execPath,
        script.pathname,
        input,
        copies,
      ],
      { encoding: 'utf8' },
    );
    const { confirmed, errors } = JSON.parse(output) as { confirmed: string[]; errors: string[] };
    expect(errors.length).toBeGreaterThan(0);
    for (const error of errors)
      expect(error).toMatch(/^capture\.dir: the disk is full \(ENOSPC\): make room for /);
    const found: (string | undefined)[] = [];
    for (const name of (await readdir(copies)).sort().filter((file) => file.startsWith('receipts-')))
      found.push(...(await readFile(join(copies, name))).map(({ messageId }) => messageId));
    expect(found).toEqual(confirmed);
    expect(confirmed).toContain('after');
  },
);

describe('kill -9', () => {
  test.each([
    ['plain', false],
    ['gzip', true],
  ])('loses nothing that was confirmed: %s', async (_, gzip) => {
    await using captures = await Captures.create();
    // Two lives in one directory.
    const confirmed: string[] = [];
    for (const [life, after] of [300, 900].entries()) {
      const child = startScript(new URL('append.mjs', import.meta.url), {
        options: captures.options({ gzip, maxBytes: 20_000 }),
        life,
      });
      await child.says(new RegExp(`^${life}-${after}$`, 'm'));
      child.kill('SIGKILL');
      await child.ended;
      confirmed.push(...child.stdout.split('\n').slice(0, -1));
    }
    const found: (string | undefined)[] = [];
    for (const name of await captures.files())
      found.push(...(await readFile(join(captures.dir, name), true)).map(({ messageId }) => messageId));
    expect(confirmed.length).toBeGreaterThan(1_200);
    expect(new Set(found).size).toBe(found.length);
    expect(confirmed.filter((id) => !found.includes(id))).toEqual([]);
  });
});
