import { describe, expect, it } from 'vitest';
import { type ConfigInput, parseConfig, planReload } from '../../src/config/index.js';

const BASE: ConfigInput = {
  queues: [{ messageType: 'SmsReport', queueName: 'Q-1' }],
  pipeline: { backend: 'redis', url: 'redis://one' },
  sinks: [{ type: 'webhook', url: 'https://hooks.example.com', headers: { Authorization: 'x' } }],
  credentials: { accessKeyId: 'id', accessKeySecret: 'secret' },
};

function plan(next: Partial<ConfigInput>) {
  return planReload(parseConfig(BASE), parseConfig({ ...BASE, ...next }));
}

describe('a reload', () => {
  it('of the same configuration changes nothing, also of one that was checked before', () => {
    expect(plan({})).toEqual({ config: parseConfig(BASE), changed: [], needsRestart: [] });
    const checked = parseConfig(BASE);
    expect(planReload(checked, parseConfig(checked))).toMatchObject({ changed: [], needsRestart: [] });
  });

  it('takes what slices are made from', () => {
    const next: Partial<ConfigInput> = {
      sinks: [{ type: 'ndjson', path: 'other.ndjson', where: { 'data.success': false } }],
      poll: { threads: 4, waitSeconds: 3 },
      pipeline: {
        backend: 'redis',
        url: 'redis://one',
        concurrency: 3,
        attempts: 2,
        maxInFlight: 64,
        ackOn: 'enqueued',
      },
      ack: { linger: 1 },
      capture: { dir: 'raw' },
      shutdown: { timeout: 3000, pollGrace: 10 },
      dedupe: { window: 5 },
      log: { level: 'debug' },
      credentials: { accessKeyId: 'id', accessKeySecret: 'rotated' },
    };
    const { config, changed, needsRestart } = plan(next);
    expect(config).toEqual(parseConfig({ ...BASE, ...next }));
    expect(needsRestart).toEqual([]);
    expect(changed.toSorted()).toEqual([
      'ack',
      'capture',
      'credentials',
      'dedupe',
      'log.level',
      'pipeline.ackOn',
      'pipeline.attempts',
      'pipeline.concurrency',
      'pipeline.maxInFlight',
      'poll',
      'shutdown',
      'sinks',
    ]);
  });

  it('leaves what the process stands on, and takes the rest all the same', () => {
    const { config, changed, needsRestart } = plan({
      role: 'poll',
      region: 'ap-southeast-1',
      queues: [{ messageType: 'SmsReport', queueName: 'Q-2' }],
      pipeline: { backend: 'postgres', url: 'postgres://two', prefix: 'p', dataDir: 'd', attempts: 3 },
      ops: { port: 1, token: 'a-token-of-16-chars' },
      log: { format: 'json' },
      ack: { linger: 7 },
    });
    const pipeline = { ...BASE.pipeline, attempts: 3 };
    expect(config).toEqual(parseConfig({ ...BASE, pipeline, ack: { linger: 7 } }));
    expect(changed.toSorted()).toEqual(['ack', 'pipeline.attempts']);
    expect(needsRestart.toSorted()).toEqual([
      'endpoints.dybaseapi',
      'endpoints.mns',
      'log.format',
      'ops.port',
      'ops.token',
      'pipeline.backend',
      'pipeline.dataDir',
      'pipeline.prefix',
      'pipeline.url',
      'queues',
      'region',
      'role',
    ]);
  });

  it('takes a key to be of the rest that it knows nothing of', () => {
    const before = { ...parseConfig(BASE), novelty: { endpoint: 'a' } };
    const after = { ...before, novelty: { endpoint: 'b' }, later: 1 };
    expect(planReload(before, after)).toMatchObject({
      changed: [],
      needsRestart: ['novelty.endpoint', 'later'],
    });
    expect(planReload(before, after).config).toEqual(before);
  });
});
