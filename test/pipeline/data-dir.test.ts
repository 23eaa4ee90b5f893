import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { DataDirInUseError, DataDirLock, EmbeddedBackend } from '../../src/pipeline/index.js';
import { type Script, startScript } from '../support/script.js';

let directory: string;
let scripts: Script[];
let locks: DataDirLock[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-lock-'));
  scripts = [];
  locks = [];
});

afterEach(async () => {
  for (const script of scripts) script.kill('SIGKILL');
  await Promise.all([...scripts.map(({ ended }) => ended), ...locks.map((lock) => lock.release())]);
  await rm(directory, { recursive: true, force: true });
});

async function take(dataDir = directory): Promise<DataDirLock> {
  const lock = await DataDirLock.take(dataDir);
  locks.push(lock);
  return lock;
}

/** Another process that tries to take the directory. */
function taker(dataDir = directory, opsUrl = ''): Script {
  const script = startScript(new URL('./lock-holder.mjs', import.meta.url), { dataDir, opsUrl });
  scripts.push(script);
  return script;
}

async function holder(dataDir = directory, opsUrl = ''): Promise<Script> {
  const script = taker(dataDir, opsUrl);
  await script.says(/taken/);
  return script;
}

describe('a data directory', () => {
  test('is made when it is not there', async () => {
    const dataDir = join(directory, 'a', 'b');
    await take(dataDir);
    expect((await stat(dataDir)).isDirectory()).toBe(true);
  });

  test('has one owner in this process', async () => {
    await take();
    await expect(take()).rejects.toThrow(DataDirInUseError);
    await expect(take()).rejects.toMatchObject({
      code: 'DATA_DIR_IN_USE',
      owner: { pid: process.pid },
      message: `pipeline.dataDir: ${directory} is in use by receiptd with process id ${process.pid}`,
    });
  });

  test('has one owner over all processes', async () => {
    await holder();
    await expect(take()).rejects.toMatchObject({ owner: { pid: expect.any(Number) } });
    expect((await taker().says(/(\w+) (\d+)/))[1]).toBe('DATA_DIR_IN_USE');
  });

  test('is the same one by whatever path', async () => {
    const link = `${directory}-link`;
    await symlink(directory, link);
    await take();
    await expect(take(link)).rejects.toThrow(DataDirInUseError);
    await rm(link);
  });

  test('is free again once it was released', async () => {
    const lock = await DataDirLock.take(directory);
    await lock.release();
    await take();
  });

  test('is free again after its owner was killed', async () => {
    const owner = await holder();
    owner.kill('SIGKILL');
    await owner.ended;
    await expect(stat(join(directory, 'receiptd.sock'))).resolves.toBeDefined();
    expect(await DataDirLock.owner(directory)).toBeUndefined();
    await take();
  });

  test('is not taken from an owner that is stopped and cannot answer', async () => {
    const owner = await holder();
    owner.kill('SIGSTOP');
    await expect(take()).rejects.toThrow(DataDirInUseError);
    owner.kill('SIGCONT');
  });

  test.each(['hello', '', 'null', '[7]', '{"pid":"7","opsUrl":null}'])(
    'is not taken from one whose answer is nonsense: %s',
    async (answer) => {
      const stranger = createServer((socket) => socket.end(answer));
      await new Promise<void>((resolve) => stranger.listen(join(directory, 'receiptd.sock'), resolve));
      await expect(take()).rejects.toMatchObject({ owner: { pid: 0, opsUrl: '' } });
      await new Promise((resolve) => stranger.close(resolve));
    },
  );

  test('is not taken from one whose answer has no end', async () => {
    const stranger = createServer((socket) => {
      socket.on('error', () => {});
      const more = (): void => void (socket.writable && socket.write('x'.repeat(10_000), more));
      more();
    });
    await new Promise<void>((resolve) => stranger.listen(join(directory, 'receiptd.sock'), resolve));
    await expect(take()).rejects.toThrow(DataDirInUseError);
    await new Promise((resolve) => stranger.close(resolve));
  });

  test('is given back although somebody who asked never hangs up', async () => {
    const lock = await DataDirLock.take(directory);
    const asker = connect({ path: join(directory, 'receiptd.sock'), allowHalfOpen: true });
    await once(asker.resume(), 'end');
    await lock.release();
    asker.destroy();
    await take();
  });

  test('goes to exactly one of many that find a dead owner at the same moment', async () => {
    const owner = await holder();
    owner.kill('SIGKILL');
    await owner.ended;
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => (await taker().says(/taken|DATA_DIR_IN_USE/))[0]),
    );
    expect(answers.toSorted()).toEqual([...Array(5).fill('DATA_DIR_IN_USE'), 'taken']);
    await expect(take()).rejects.toThrow(DataDirInUseError);
  });

  test('tells whoever asks who has it and where that can be reached', async () => {
    expect(await DataDirLock.owner(directory)).toBeUndefined();
    const lock = await take();
    expect(await DataDirLock.owner(directory)).toMatchObject({ pid: process.pid, opsUrl: '' });
    lock.announce('http://127.0.0.1:8090');
    expect(await DataDirLock.owner(directory)).toMatchObject({ opsUrl: 'http://127.0.0.1:8090' });
  });

  test('tells that of an owner in another process', async () => {
    const script = await holder(directory, 'http://127.0.0.1:1');
    const owner = await DataDirLock.owner(directory);
    expect(owner).toMatchObject({ opsUrl: 'http://127.0.0.1:1' });
    expect(owner?.pid).not.toBe(process.pid);
    expect(script.stdout).toBe('taken\n');
  });

  test.each([60, 120, 250])('may have a path with a name of %i characters more', async (length) => {
    const dataDir = join(directory, 'd'.repeat(length / 2), 'e'.repeat(length / 2));
    const lock = await DataDirLock.take(dataDir);
    await expect(take(dataDir)).rejects.toThrow(DataDirInUseError);
    expect(await DataDirLock.owner(dataDir)).toMatchObject({ pid: process.pid });
    await lock.release();
    await take(dataDir);
  });

  test('that is a file is refused with one line that names the key', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    for (const dataDir of [file, join(file, 'below')]) {
      await expect(take(dataDir)).rejects.toThrow(UsageError);
      await expect(take(dataDir)).rejects.toThrow(
        /^pipeline\.dataDir: .* cannot be used \((EEXIST|ENOTDIR)\): check the path and its permissions$/,
      );
    }
  });

  test.skipIf(process.getuid?.() === 0)('that cannot be written is refused', async () => {
    const dataDir = join(directory, 'read-only');
    await mkdir(dataDir);
    await chmod(dataDir, 0o500);
    await expect(take(dataDir)).rejects.toMatchObject({ code: 'DATA_DIR', message: /EACCES/ });
    await chmod(dataDir, 0o700);
  });
});

describe('the embedded store', () => {
  test('refuses a directory that another has, and leaves it alone', async () => {
    const first = await EmbeddedBackend.open(directory);
    await expect(EmbeddedBackend.open(directory)).rejects.toThrow(DataDirInUseError);
    await first.close();
    const second = await EmbeddedBackend.open(directory);
    await second.close();
    expect(await DataDirLock.owner(directory)).toBeUndefined();
  });

  test('of damaged files says so in one line and gives the directory back', async () => {
    await mkdir(join(directory, 'pgdata'));
    await writeFile(join(directory, 'pgdata', 'PG_VERSION'), 'nonsense');
    await expect(EmbeddedBackend.open(directory)).rejects.toMatchObject({
      code: 'DATA_DIR_UNREADABLE',
      message: expect.stringMatching(/^pipeline\.dataDir: the database in \S+ does not open \([^\n]*$/),
    });
    expect(await DataDirLock.owner(directory)).toBeUndefined();
  });
});
