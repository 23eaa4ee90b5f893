import { expect, test } from 'vitest';
import { type SliceToken, TokenBoard } from '../../src/poll/tokens.js';

const token = (version: number): SliceToken => ({
  version,
  accessKeyId: `STS.${version}`,
  accessKeySecret: 's',
  securityToken: 't',
});

function board() {
  const refused: [string, number][] = [];
  return { refused, tokens: new TokenBoard((queueName, version) => refused.push([queueName, version])) };
}

/** What a promise came to, once it did. */
function watch(promise: Promise<unknown>): { state: string } {
  const watched = { state: 'pending' };
  promise.then(
    () => {
      watched.state = 'resolved';
    },
    (error: Error) => {
      watched.state = error.message;
    },
  );
  return watched;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('the first token is waited for by all who want it, each queue its own', async () => {
  const { tokens } = board();
  expect(tokens.current('q')).toBeUndefined();
  const waiting = [tokens.first('q'), tokens.first('q')];
  const other = watch(tokens.first('other'));
  tokens.set('q', token(0));
  expect(await Promise.all(waiting)).toEqual([token(0), token(0)]);
  expect(await tokens.first('q')).toEqual(token(0));
  await settle();
  expect(other.state).toBe('pending');
});

test('the newest token is the current one', () => {
  const { tokens } = board();
  tokens.set('q', token(1));
  tokens.set('q', token(2));
  expect(tokens.current('q')).toEqual(token(2));
});

test('a refused token is told of, and its replacement waited for', async () => {
  const { tokens, refused } = board();
  tokens.set('q', token(3));
  const waiting = watch(tokens.replace('q', 3));
  expect(refused).toEqual([['q', 3]]);
  tokens.set('other', token(9));
  tokens.set('q', token(3));
  await settle();
  expect(waiting.state).toBe('pending');
  tokens.set('q', token(4));
  await settle();
  expect(waiting.state).toBe('resolved');
});

test('a token that was replaced meanwhile is not told of again', async () => {
  const { tokens, refused } = board();
  tokens.set('q', token(4));
  await tokens.replace('q', 3);
  expect(refused).toEqual([]);
});

test('a replacement that comes while it is asked for is not missed', async () => {
  const tokens: TokenBoard = new TokenBoard((queueName, version) =>
    tokens.set(queueName, token(version + 1)),
  );
  tokens.set('q', token(1));
  await tokens.replace('q', 1);
  expect(tokens.current('q')).toEqual(token(2));
});

test('waiting ends when its signal aborts, before or meanwhile, and nobody else is disturbed', async () => {
  const { tokens } = board();
  tokens.set('q', token(1));
  const stop = new AbortController();
  const stopped = watch(tokens.replace('q', 1, stop.signal));
  const patient = watch(tokens.replace('q', 1));
  stop.abort();
  await settle();
  expect(stopped.state).toMatch(/stopped/);
  expect(patient.state).toBe('pending');
  await expect(tokens.replace('q', 1, stop.signal)).rejects.toThrow(/stopped/);
  tokens.set('q', token(2));
  await settle();
  expect(patient.state).toBe('resolved');
});
