import { pino } from 'pino';
import { expect, it } from 'vitest';
import { parseConfig } from '../src/config/index.js';
import { Display } from '../src/display.js';
import type { Backend } from '../src/pipeline/index.js';
import { SliceHost } from '../src/poll/index.js';
import { TokenKeepers } from '../src/token-keepers.js';

const log = pino({ level: 'silent' });
const config = parseConfig({
  queues: ['a', 'b'].map((queueName) => ({ messageType: 'SmsReport', queueName })),
  ops: { port: 0 },
});

/** Counts the queues that are opened of it. */
class FakeStore implements Pick<Backend, 'queue'> {
  readonly opened: string[] = [];

  queue(name: string): ReturnType<Backend['queue']> {
    this.opened.push(name);
    return {} as ReturnType<Backend['queue']>;
  }
}

it('opens the queues of a store once, however many slices show it', () => {
  const never = () => {
    throw new Error('nothing is started here');
  };
  const display = new Display({
    config,
    now: () => ({ config, phase: 'starting', slices: { count: 1, mode: 'inline' } }),
    host: new SliceHost({ config, count: 1, spawn: never, log, onRefused: never, onFatal: never }),
    tokens: new TokenKeepers({ config, credentials: never, log, onToken: never }),
    extraSinks: [],
    log,
  });
  const [first, second] = [new FakeStore(), new FakeStore()];
  for (const store of [first, first, second, second]) display.showStore(store as unknown as Backend);
  expect([first.opened, second.opened]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
  ]);
  expect(display.status()).toMatchObject({
    ready: false,
    slices: { count: 1, mode: 'inline', restarts: 0 },
    queues: [{ queueName: 'a' }, { queueName: 'b' }],
  });
});
