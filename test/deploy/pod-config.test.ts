/**
 * Each pod's configuration, judged by receiptd itself: the built program, the pod's environment, and the files that Kubernetes
 * would mount. Nothing of this machine's environment gets in.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { type Manifest, manifestsOf, render } from './helm.js';
import { plainFiles } from './plain.js';
import { cases } from './values.js';
import { type Pod, workloads } from './workloads.js';

const SECRETS: Record<string, string> = {
  'pipeline-url': 'redis://user:pass-word@redis.example.com:6379/0',
  'postgres-url': 'postgres://user:pass-word@db.example.com/receiptd',
  'ops-token': 'ops-token-0123456789',
  'ops-viewer-token': 'viewer-token-0123456789',
  'webhook-token': 'webhook-token-0123456789',
  'access-key-id': 'LTAI-test',
  'access-key-secret': 'test-secret',
};

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'receiptd-pod-'));
});
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

describe.each([
  ...cases.map(({ name, values }) => ({ name: `the chart with ${name} values`, values })),
  ...plainFiles.map(({ path, values }) => ({ name: `deploy/k8s/${path}`, values })),
])('$name', ({ values }) => {
  it('gives its pods a configuration that receiptd accepts', async () => {
    const manifests = manifestsOf(render(values));
    const pods = workloads(manifests);
    expect(pods.length).toBeGreaterThan(0);
    for (const { name, pod } of pods) {
      const env = mounted(pod, manifests);
      const child = new Child(['config', 'print'], { cwd: scratch, env });
      const { code } = await child.end();
      expect(`${name}: ${child.stderr}`).toBe(`${name}: `);
      expect(code).toBe(0);
      expect(child.stdout).toMatch(/host: 0\.0\.0\.0/);
      for (const secret of [...Object.values(SECRETS), 'pass-word'])
        expect(child.stdout).not.toContain(secret);
    }
  });
});

it('starts pods in the role that they have', async () => {
  const manifests = manifestsOf(render({ ...plainFiles[1]?.values }));
  const roles: Record<string, string | undefined> = {};
  for (const { name, pod } of workloads(manifests)) {
    const child = new Child(['config', 'print'], { cwd: scratch, env: mounted(pod, manifests) });
    await child.end();
    roles[name] = /^role: (\w+)$/m.exec(child.stdout)?.[1];
  }
  expect(roles).toEqual({ 'receiptd-poll': 'poll', 'receiptd-deliver': 'deliver' });
});

/** Puts what the pod mounts on the disk. @returns its environment, with the paths where that is */
function mounted({ spec }: Pod, manifests: readonly Manifest[]): Record<string, string> {
  const root = mkdtempSync(join(scratch, 'root-'));
  const [{ env, volumeMounts }] = spec.containers;
  for (const { name, mountPath } of volumeMounts) {
    const directory = join(root, mountPath);
    mkdirSync(directory, { recursive: true });
    const { configMap, secret } = spec.volumes.find((volume) => volume.name === name) ?? {};
    const map = manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMap?.name,
    );
    for (const [file, text] of Object.entries(map?.data ?? {})) writeFileSync(join(directory, file), text);
    for (const { key, path } of secret?.items ?? []) writeFileSync(join(directory, path), secretOf(key));
  }
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => {
      const text = value ?? secretOf(valueFrom?.secretKeyRef.key ?? '');
      const isPath = volumeMounts.some(({ mountPath }) => text.startsWith(`${mountPath}/`));
      return [name, isPath ? join(root, text) : text];
    }),
  );
}

function secretOf(key: string): string {
  const value = SECRETS[key];
  if (value === undefined) throw new Error(`no secret ${key}`);
  return value;
}
