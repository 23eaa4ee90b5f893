/** Workers of a server store that goes away in the middle of their work, over each kind of server and of absence. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Backend, PostgresBackend, RedisBackend } from '../../src/pipeline/index.js';
import { FreezingProxy } from '../support/freezing-proxy.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { Rig } from './rig.js';

interface Server extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  up(): Promise<void>;
  down(signal?: NodeJS.Signals): Promise<void>;
}

/** ms; what an idle worker's call blocks in Redis is 5 s. */
const SILENCE = 6_000;

const SERVERS: [string, () => Promise<Server>, (url: string) => Backend | Promise<Backend>][] = [
  [
    'redis',
    () => TestRedis.start('--appendonly', 'yes', '--appendfsync', 'always'),
    (url) => new RedisBackend({ url }, 'bull', SILENCE),
  ],
  [
    'postgres',
    () => TestPostgres.start(),
    (url) => PostgresBackend.open(url, 'bull', { answerTimeout: SILENCE / 2 }),
  ],
];

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeEach(() => {
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

const IDS = Array.from({ length: 60 }, (_, index) => `m-${index}`);

/** A rig whose sink takes a little time and says when it has had so many. */
function busyRig(backend: Backend): Rig {
  const rig = new Rig(backend, { attempts: 20 });
  rig.sink.act = () => new Promise((resolve) => setTimeout(resolve, 40));
  rig.deliver({ concurrency: 6, lock: 1_500 });
  return rig;
}

const settled = (rig: Rig) =>
  until('all jobs to be finished', async () => {
    const counts = await rig.queue
      .getJobCounts('waiting', 'active', 'delayed', 'failed')
      .catch(() => ({ away: 1 }));
    return Object.values(counts).every((count) => count === 0);
  });

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe.each(SERVERS)('%s', (_name, start, open) => {
  test('killed for longer than locks last: every job is delivered, without being asked', async () => {
    await using server = await start();
    const backend = await open(server.url);
    const rig = busyRig(backend);
    await rig.add(...IDS.map((id) => rig.job(id)));
    await until('some deliveries', () => rig.sink.seen.length >= 12);
    await server.down('SIGKILL');
    await sleep(3_000);
    const errors = rig.errors.length;
    await server.up();
    await settled(rig);
    expect(new Set(rig.sink.seen)).toEqual(new Set(IDS));
    // What was under way when the server went, and only that, may be delivered again.
    expect(rig.sink.seen.length).toBeLessThanOrEqual(IDS.length + 6);
    expect(rig.dead).toEqual([]);
    // A worker that asks again as fast as it is refused has thousands.
    expect(errors).toBeLessThan(50);
    await rig.add(rig.job('m-after'));
    await until('a job of the time after', () => rig.sink.seen.includes('m-after'));
    await rig.close();
    await backend.close();
  });

  test('connections that fall silent are found out, by workers with and without jobs', async () => {
    await using server = await start();
    await using proxy = await FreezingProxy.start(server.port);
    const backend = await open(server.url.replace(`:${server.port}`, `:${proxy.port}`));
    const [busy, idle] = [busyRig(backend), busyRig(backend)];
    await busy.add(...IDS.map((id) => busy.job(id)));
    await idle.add(idle.job('m-0'));
    await until('some deliveries', () => busy.sink.seen.length >= 12 && idle.finished.length === 1);
    proxy.freeze();
    await until('an add to work again', () =>
      idle.add(idle.job('m-1')).then(
        () => true,
        () => false,
      ),
    );
    await settled(busy);
    await settled(idle);
    expect(new Set(busy.sink.seen)).toEqual(new Set(IDS));
    expect(idle.sink.seen).toEqual(['m-0', 'm-1']);
    expect(busy.errors.length + idle.errors.length).toBeLessThan(100);
    await Promise.all([busy.close(), idle.close()]);
    await backend.close();
  });

  test('a server that hangs holds nothing up for ever', async () => {
    await using server = await start();
    const backend = await open(server.url);
    const rig = busyRig(backend);
    await rig.add(...IDS.map((id) => rig.job(id)));
    await until('some deliveries', () => rig.sink.seen.length >= 12);
    process.kill(server.pid, 'SIGSTOP');
    await sleep(4_000);
    process.kill(server.pid, 'SIGCONT');
    await settled(rig);
    expect(new Set(rig.sink.seen)).toEqual(new Set(IDS));
    await rig.close();
    await backend.close();
  });

  test('a worker closes while its server is away', async () => {
    await using server = await start();
    const backend = await open(server.url);
    const rig = busyRig(backend);
    await rig.add(...IDS.map((id) => rig.job(id)));
    await until('some deliveries', () => rig.sink.seen.length >= 12);
    await server.down('SIGKILL');
    await rig.close();
    await backend.close();
  });
});
