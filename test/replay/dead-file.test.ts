import { spawnSync } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { UsageError } from '../../src/errors.js';
import { captureLine } from '../../src/message-file/index.js';
import { DeadFile } from '../../src/replay/dead-file.js';
import { captured, scratch } from './support.js';

const message = (n: number) => ({ ...captured(n), mnsHost: 'mns.test' });

it('holds lines of a capture file', async () => {
  await using dir = await scratch();
  const dead = DeadFile.open(dir.path('dead'), []);
  dead.write(message(1));
  dead.write(message(2));
  await dead.sync();
  dead.close();
  expect(await readFile(dir.path('dead'), 'utf8')).toBe(captureLine(message(1)) + captureLine(message(2)));
});

it('is cut off at the mark when a replay is resumed', async () => {
  await using dir = await scratch();
  const first = DeadFile.open(dir.path('dead'), []);
  first.write(message(1));
  const { mark } = first;
  first.write(message(2));
  first.close();
  const second = DeadFile.open(dir.path('dead'), [], mark);
  expect(second.mark).toEqual(mark);
  second.write(message(3));
  second.close();
  expect(await readFile(dir.path('dead'), 'utf8')).toBe(captureLine(message(1)) + captureLine(message(3)));
});

it('goes on where it is when it was moved away meanwhile', async () => {
  await using dir = await scratch();
  const mark = { path: dir.path('dead'), bytes: 1_000 };
  const dead = DeadFile.open(dir.path('dead'), [], mark);
  dead.write(message(1));
  dead.close();
  expect(await readFile(dir.path('dead'), 'utf8')).toBe(captureLine(message(1)));
});

it('is taken away when nothing failed', async () => {
  await using dir = await scratch();
  DeadFile.open(dir.path('dead'), []).close();
  await expect(readFile(dir.path('dead'))).rejects.toThrow('ENOENT');
});

it('refuses what would lose something, or wait for ever', async () => {
  await using dir = await scratch();
  await writeFile(dir.path('full'), 'receipts\n');
  await symlink(dir.path('full'), dir.path('link'));
  await mkdir(dir.path('directory'));
  spawnSync('mkfifo', [dir.path('pipe')]);
  const refused = (
    name: string,
    inputs: string[],
    reason: RegExp,
    mark?: { path: string; bytes: number },
  ) => {
    expect(() => DeadFile.open(dir.path(name), inputs, mark)).toThrow(UsageError);
    expect(() => DeadFile.open(dir.path(name), inputs, mark)).toThrow(reason);
  };
  refused('full', [], /^--dead: .*full is not empty/);
  refused('full', [], /is not empty/, { path: dir.path('another'), bytes: 3 });
  refused('link', [dir.path('full')], /is replayed itself/);
  refused('full', ['-', dir.path('link')], /is replayed itself/);
  refused('directory', [], /is no file/);
  refused('pipe', [], /is no file/);
  refused('no/such/dead', [], /cannot be written \(ENOENT\)/);
  expect(await readFile(dir.path('full'), 'utf8')).toBe('receipts\n');
});
