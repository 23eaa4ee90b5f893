/** The connection is cut between the adding of a batch and the answer to it. */
import { connect, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBackend } from '../../src/pipeline/index.js';
import { freePort } from '../support/ports.js';
import { Rig } from './rig.js';
import { pipelineConfig, redisStore } from './stores.js';

let store: Awaited<ReturnType<typeof redisStore>>;
let proxy: Server;
let port: number;
/** Adds whose answer is still to be lost. */
let toLose: number;

beforeEach(async () => {
  store = await redisStore();
  toLose = 0;
  port = await freePort();
  proxy = createServer((client) => {
    const upstream = connect(store.server.port, '127.0.0.1');
    let losing = false;
    client.on('data', (data) => {
      if (toLose > 0 && data.includes('lost-0')) {
        toLose -= 1;
        losing = true;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (losing) client.destroy();
      else client.write(data);
    });
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
});

afterEach(async () => {
  await new Promise((resolve) => proxy.close(resolve));
  await store[Symbol.asyncDispose]();
});

test('the batch counts as not handed off, is added again, and each event is delivered once', async () => {
  const backend = await openBackend(pipelineConfig({ backend: 'redis', url: `redis://127.0.0.1:${port}` }));
  const rig = new Rig(backend);
  try {
    rig.deliver();
    const jobs = Array.from({ length: 16 }, (_, index) => rig.job(`lost-${index}`));
    toLose = 1;
    await expect(rig.add(...jobs)).rejects.toThrow();
    expect(toLose).toBe(0);
    await rig.untilFinished(16);
    await expect
      .poll(() =>
        rig.add(...jobs).then(
          () => 'added',
          () => 'away',
        ),
      )
      .toBe('added');
    await rig.add(rig.job('last-1'));
    await expect.poll(() => rig.sink.seen).toContain('last-1');
    expect(rig.sink.seen.filter((id) => id !== 'last-1').sort()).toEqual(
      jobs.map(({ message }) => message.messageId).sort(),
    );
  } finally {
    await rig.close();
    await backend.close();
  }
});
