import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  checkpointOf,
  checkSame,
  type Identity,
  readCheckpoint,
  writeCheckpoint,
} from '../../src/replay/checkpoint.js';
import { Tally } from '../../src/replay/tally.js';
import { scratch } from './support.js';

const identity: Identity = {
  files: [
    { name: 'a', path: '/x/a', size: 10, mtimeMs: 1.5 },
    { name: 'b', path: '/x/b', size: 20, mtimeMs: 2 },
  ],
  filter: { types: ['SmsReport'], since: 1 },
  store: 'embedded',
};

function full(): Checkpoint {
  const tally = new Tally();
  tally.count('SmsReport', 'failed', { file: 'a', line: 3 }, 'refused');
  tally.unreadable({ file: 'a', line: 4 }, 'damaged');
  const dead = { path: '/x/dead', bytes: 12 };
  return checkpointOf({ identity, queueName: 'replay-1', read: 7, pending: [4, 6], tally: tally.data, dead });
}

it('is read as it was written, and leaves nothing beside it', async () => {
  await using dir = await scratch();
  const path = dir.path('checkpoint.json');
  expect(await readCheckpoint(path)).toBeUndefined();
  await writeCheckpoint(path, { ...full(), read: 1 });
  await writeCheckpoint(path, full());
  expect(await readCheckpoint(path)).toEqual(full());
  expect(await readdir(dirname(path))).toEqual(['checkpoint.json']);
});

it('is known to be broken when it is', async () => {
  await using dir = await scratch();
  const path = dir.path('checkpoint.json');
  await writeCheckpoint(path, full());
  const text = await readFile(path, 'utf8');
  for (const broken of [
    '',
    text.slice(0, 40),
    '[]',
    text.replace('"version":1', '"version":2'),
    '{"version":1}',
  ]) {
    await writeFile(path, broken);
    expect(await readCheckpoint(path)).toBe('broken');
  }
});

it('says when it cannot be written or read', async () => {
  await using dir = await scratch();
  await expect(writeCheckpoint(dir.path('no/checkpoint.json'), full())).rejects.toThrow(
    /no\/checkpoint\.json: cannot be written \(ENOENT\)/,
  );
  await expect(readCheckpoint('/')).rejects.toThrow('/: cannot be read (EISDIR)');
});

describe('the same replay', () => {
  const [a, b] = identity.files;
  const changed = (change: Partial<Identity>) => () => checkSame(identity, { ...identity, ...change });

  it('is one of the same files, filter and store', () => {
    expect(changed({})).not.toThrow();
    expect(() => checkSame(JSON.parse(JSON.stringify(identity)), identity)).not.toThrow();
  });

  it('is not one of other files', () => {
    if (a === undefined || b === undefined) throw new Error('two files');
    expect(changed({ files: [b, a] })).toThrow(
      '--resume: the replay that was stopped was of other files (a, b)',
    );
    expect(changed({ files: [a] })).toThrow(/of other files/);
    expect(changed({ files: [a, { ...b, size: 21 }] })).toThrow(/^--resume: b has changed since/);
    expect(changed({ files: [{ ...a, mtimeMs: 3 }, b] })).toThrow(/^--resume: a has changed since/);
  });

  it('is not one of other messages or with another store', () => {
    expect(changed({ filter: { types: ['SmsReport'] } })).toThrow(/another --type, --since or --until/);
    expect(changed({ store: 'redis 1' })).toThrow(/another pipeline.backend or url/);
  });
});
