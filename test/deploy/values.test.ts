import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { CHART, manifestsOf, render, tryRender } from './helm.js';
import { configOf } from './rules.js';
import { cases, defaults } from './values.js';
import { workloads } from './workloads.js';

const schema = JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8')) as {
  properties: Record<string, unknown>;
};
const ajv = new Ajv({ strictTypes: false, strictRequired: false, allErrors: true });
const valid = ajv.compile(schema);
const queues = [{ messageType: 'SmsReport', queueName: 'Alicom-Queue-1-SmsReport' }];

describe('values.schema.json', () => {
  it('accepts the defaults and the tested values', () => {
    for (const { name, values } of [{ name: 'values.yaml', values: defaults() }, ...cases])
      expect(valid(values), `${name}: ${ajv.errorsText(valid.errors)}`).toBe(true);
  });

  it('knows every value of values.yaml, and no other', () => {
    // `global` is what Helm itself adds for subcharts.
    expect(Object.keys(schema.properties).toSorted()).toEqual(
      [...Object.keys(defaults()), 'global'].toSorted(),
    );
  });

  it.each([
    [{ replicas: 3 }, 'replicas'],
    [{ all: { replica: 3 } }, 'replica'],
    [{ all: { replicas: -1 } }, '/all/replicas'],
    [{ roles: 'deliver' }, '/roles'],
    [{ image: { tag: 1.2 } }, '/image/tag'],
    [{ image: { digest: 'sha256:abc' } }, '/image/digest'],
    [{ autoscaling: { by: 'keda', minReplicas: 0 } }, '/autoscaling/minReplicas'],
    [{ probes: { liveness: { path: '/readyz' } } }, '/probes/liveness/path'],
    [{ probes: { startup: { path: '/readyz' } } }, '/probes/startup/path'],
    [{ config: { queues, ops: { host: '127.0.0.1' } } }, '/config/ops/host'],
    [{ config: { queues, ops: { port: 80 } } }, '/config/ops/port'],
    [{ config: { queues, shutdown: { timeout: '25s' } } }, '/config/shutdown/timeout'],
    [{ config: { queues: [{ queueName: 'x' }] } }, '/config/queues/0'],
    [{ secret: { files: { 'webhook-token': 'x' } } }, '/secret/files'],
    [{ secret: { keys: { opsToken: '' } } }, '/secret/keys/opsToken'],
    [{ credentials: { rrsa: { roleArn: 'receiptd' } } }, '/credentials/rrsa/roleArn'],
    [{ networkPolicy: { ports: ['https'] } }, '/networkPolicy/ports/0'],
    [{ podDisruptionBudget: { maxUnavailable: 0 } }, '/podDisruptionBudget/maxUnavailable'],
    [{ replay: { files: ['/capture/a.ndjson'] } }, '/replay/files/0'],
    [{ once: { schedule: 'hourly' } }, '/once/schedule'],
  ])('makes Helm refuse %j', (values, where) => {
    const { code, stderr } = tryRender({ config: { queues }, ...values });
    expect(code).toBe(1);
    expect(stderr).toContain(where);
  });
});

describe('values that do not go together', () => {
  const embedded = { queues, pipeline: { backend: 'embedded' } };
  const one = { all: { replicas: 1 }, persistence: { enabled: true } };
  it.each<[Record<string, unknown>, string]>([
    [{ config: { queues: [] } }, 'config.queues: must have at least one queue'],
    [{ config: { queues, pipeline: { url: 'redis://r' } } }, 'config.pipeline.url: would be readable'],
    [{ config: { queues, ops: { token: '0123456789abcdef' } } }, 'config.ops.token: would be readable'],
    [{ config: { queues, credentials: { accessKeyId: 'a' } } }, 'config.credentials: would be readable'],
    [{ config: { queues, role: 'poll' } }, 'config.role: is set by the chart'],
    [{ secret: { keys: { pipelineUrl: '' } } }, 'secret.keys.pipelineUrl: is required'],
    [{ config: embedded }, 'persistence.enabled: must be true'],
    [{ config: embedded, ...one, all: { replicas: 2 } }, 'all.replicas: must be 1'],
    [
      { config: embedded, ...one, autoscaling: { by: 'keda' } },
      'all.replicas: must be 1, without autoscaling',
    ],
    [{ config: embedded, roles: 'split' }, 'roles: split needs config.pipeline.backend redis or postgres'],
    [{ config: embedded, ...one, once: { enabled: true } }, 'once.enabled: needs roles: none'],
    [{ terminationGracePeriodSeconds: 25 }, 'terminationGracePeriodSeconds: must be above'],
    [{ credentials: { from: 'rrsa' } }, 'credentials.rrsa: set roleName, or roleArn and oidcProviderArn'],
    [
      { credentials: { from: 'rrsa', rrsa: { roleName: 'r' } }, serviceAccount: { create: false } },
      'serviceAccount.name: is required',
    ],
    [{ replay: { enabled: true } }, 'replay.claimName: must name'],
  ])('%j', (values, message) => {
    const { code, stderr } = tryRender({ config: { queues }, ...values });
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});

describe('what values come to', () => {
  const grace = (values: object) =>
    workloads(manifestsOf(render({ config: { queues }, ...values })))[0]?.pod.spec
      .terminationGracePeriodSeconds;

  it('waits ten seconds longer for a pod than it may take, however that is given', () => {
    expect(grace({})).toBe(35);
    expect(grace({ config: { queues, shutdown: { timeout: 90_500 } } })).toBe(101);
    expect(grace({ config: { queues, shutdown: null } })).toBe(35);
    expect(grace({ terminationGracePeriodSeconds: 26 })).toBe(26);
  });

  it('keeps large numbers whole', () => {
    const capture = { dir: './capture', maxBytes: 1_099_511_627_776 };
    const ttlSecondsAfterFinished = 31_536_000;
    const manifests = manifestsOf(
      render({
        config: { queues, capture, dedupe: { window: 2_592_000_000 } },
        replay: { enabled: true, claimName: 'capture', ttlSecondsAfterFinished },
      }),
    );
    const [{ pod } = {}] = workloads(manifests);
    if (pod === undefined) throw new Error('no pod');
    expect(configOf(pod.spec, manifests)).toMatchObject({ capture, dedupe: { window: 2_592_000_000 } });
    expect(manifests.find(({ kind }) => kind === 'Job')?.spec).toMatchObject({ ttlSecondsAfterFinished });
  });

  it('lets nobody in when nobody is named', () => {
    const ingress = (values: object) =>
      manifestsOf(render({ config: { queues }, ...values })).find(({ kind }) => kind === 'NetworkPolicy')
        ?.spec?.ingress;
    expect(ingress({ networkPolicy: { from: [] } })).toEqual([]);
    expect(ingress({ networkPolicy: { from: [] }, autoscaling: { by: 'keda' } })).toEqual([
      {
        ports: [{ protocol: 'TCP', port: 8090 }],
        from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'keda' } } }],
      },
    ]);
  });

  it('gives a replay no credentials, and the name of a job to each that differs', () => {
    const replay = (args: string[]) =>
      workloads(
        manifestsOf(render({ config: { queues }, replay: { enabled: true, claimName: 'capture', args } })),
      ).find(({ kind }) => kind === 'Job');
    const [one, two] = [replay([]), replay(['--rate', '5'])];
    expect(one?.name).toMatch(/^receiptd-replay-[0-9a-f]{8}$/);
    expect(two?.name).toMatch(/^receiptd-replay-[0-9a-f]{8}$/);
    expect(two?.name).not.toBe(one?.name);
    expect(replay([])?.name).toBe(one?.name);
    expect(two?.pod.spec.containers[0].args).toEqual(['replay', '--rate', '5', '/capture/*.ndjson*']);
    const names = one?.pod.spec.containers[0].env.map(({ name }) => name) ?? [];
    expect(names.filter((name) => name.startsWith('ALIBABA_CLOUD_'))).toEqual([]);
  });

  it('has a replay go on where a pod before it has left off, and only then', () => {
    const replay = { enabled: true, claimName: 'capture', stateClaimName: 'state', args: ['--rate', '5 '] };
    const [job] = workloads(manifestsOf(render({ config: { queues }, roles: 'none', replay })));
    const { command = [], args } = job?.pod.spec.containers[0] ?? { args: [] };
    expect(command.slice(0, 3)).toEqual(['tini', '--', 'sh']);
    const root = mkdtempSync(join(tmpdir(), 'receiptd-state-'));
    try {
      writeFileSync(join(root, 'receiptd'), '#!/bin/sh\nprintf "<%s>" "$@"\n', { mode: 0o755 });
      const run = () =>
        execFileSync('sh', [...command.slice(3), ...args], {
          cwd: root,
          encoding: 'utf8',
          env: { PATH: `${root}:${process.env.PATH}` },
        });
      expect(run()).toBe('<replay><--rate><5 ></capture/*.ndjson*>');
      mkdirSync(join(root, 'data/replay'), { recursive: true });
      writeFileSync(join(root, 'data/replay/checkpoint.json'), '{}');
      expect(run()).toBe('<replay><--resume><--rate><5 ></capture/*.ndjson*>');
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('replaces pods when their configuration changes, and not when only the chart does', () => {
    const labels = (values: object) =>
      workloads(manifestsOf(render({ config: { queues }, ...values })))[0]?.pod.metadata;
    expect(labels({})).toEqual(labels({ service: { annotations: { a: 'b' } } }));
    expect(labels({})).not.toEqual(labels({ config: { queues, log: { level: 'debug' } } }));
  });
});
