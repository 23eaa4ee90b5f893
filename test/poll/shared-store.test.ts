import { expect, it } from 'vitest';
import type { Backend } from '../../src/pipeline/index.js';
import { SharedStore } from '../../src/poll/index.js';

function opener() {
  const said: string[] = [];
  const open = async () => {
    said.push('open');
    return { close: async () => void said.push('close') } as unknown as Backend;
  };
  return { said, open };
}

it('is opened by the first and closed by the last', async () => {
  const { said, open } = opener();
  const store = new SharedStore();
  const [first, second] = await Promise.all([store.lease(open), store.lease(open)]);
  expect(second.backend).toBe(first.backend);
  await first.release();
  const third = await store.lease(open);
  await second.release();
  expect(said).toEqual(['open']);
  await third.release();
  expect(said).toEqual(['open', 'close']);
});

it('can be opened again, after it was closed and after it could not be opened', async () => {
  const { said, open } = opener();
  const store = new SharedStore();
  await expect(store.lease(() => Promise.reject(new Error('in use')))).rejects.toThrow('in use');
  for (let round = 0; round < 2; round += 1) await (await store.lease(open)).release();
  expect(said).toEqual(['open', 'close', 'open', 'close']);
});
