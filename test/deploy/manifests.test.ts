import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { statusOf } from '../ops/statuses.js';
import { kustomize, type Manifest, manifestsOf, render } from './helm.js';
import { unknownFields, wrongValues } from './kubernetes.js';
import { plainFiles, plainText } from './plain.js';
import { checkWorkloads } from './rules.js';
import { cases } from './values.js';
import { selects, workloads } from './workloads.js';

const read = (path: string): Manifest[] => manifestsOf(readFileSync(`deploy/k8s/${path}`, 'utf8'));
const secret = read('secret.example.yaml');

describe.each(plainFiles.map((file) => ({ file, path: file.path })))('deploy/k8s/$path', ({ file, path }) => {
  it('is what the chart comes to; npm run manifests writes it anew', async () => {
    await expect(plainText(file)).toMatchFileSnapshot(`../../deploy/k8s/${path}`);
  });

  it('is what the schemas ask for, and has no field that does not exist', async () => {
    const manifests = read(path);
    expect(manifests.length).toBeGreaterThan(0);
    expect(await wrongValues(manifests)).toEqual([]);
    expect(unknownFields(manifests)).toBe('');
  });

  it('has nothing of Helm', () => {
    expect(readFileSync(`deploy/k8s/${path}`, 'utf8')).not.toMatch(/helm/i);
  });
});

describe.each(['base', 'split', 'keda', 'hpa'])('kubectl apply -k deploy/k8s/%s', (path) => {
  const built = () => kustomize(`deploy/k8s/${path}`);

  it('is sound as a whole', async () => {
    const manifests = built();
    expect(await wrongValues(manifests)).toEqual([]);
    expect(unknownFields(manifests)).toBe('');
    checkWorkloads([...manifests, ...secret]);
  });

  it('replaces pods without a moment in which there are fewer', () => {
    for (const { kind, spec } of built())
      if (kind === 'Deployment')
        expect(spec?.strategy).toMatchObject({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } });
  });
});

it.each(['jobs/once.yaml', 'jobs/replay.yaml'])('deploy/k8s/%s goes with base', (path) => {
  checkWorkloads([...read('base/receiptd.yaml'), ...read(path), ...secret]);
});

it('has a Secret with every key that pods, KEDA and Prometheus read', () => {
  const keys = Object.keys(secret[0]?.stringData ?? {});
  const all = plainFiles.flatMap(({ path }) => read(path));
  const referred = workloads(all)
    .flatMap(({ pod }) => pod.spec.containers[0].env)
    .flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
  for (const { name, key } of referred)
    expect([name, keys]).toEqual(['receiptd', expect.arrayContaining([key])]);
  const readers = JSON.stringify(
    all.filter(({ kind }) => /^(TriggerAuthentication|ServiceMonitor)$/.test(kind)),
  );
  expect(readers.match(/"key":"ops-viewer-token"/g)).toHaveLength(2);
});

it.each(['keda', 'split-keda'])('has KEDA ask the pods that it scales (%s)', (name) => {
  const manifests = manifestsOf(render(cases.find((one) => one.name === name)?.values));
  const asking = manifests.flatMap(({ kind, spec }) => {
    const { scaleTargetRef, triggers } = (spec ?? {}) as Partial<ScaledSpec>;
    const trigger = triggers?.find(({ type }) => type === 'metrics-api');
    return kind === 'ScaledObject' && trigger !== undefined
      ? [{ target: scaleTargetRef?.name, trigger }]
      : [];
  });
  expect(asking).toHaveLength(1);
  for (const { target, trigger } of asking) {
    const { hostname, port, pathname } = new URL(trigger.metadata.url);
    const [service, namespace] = hostname.split('.');
    expect([namespace, pathname]).toEqual(['default', '/api/status']);
    expect(statusOf()).toHaveProperty(trigger.metadata.valueLocation, expect.any(Number));
    const { selector, ports } = (manifests.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === service,
    )?.spec ?? {}) as { selector: Record<string, string>; ports: unknown };
    expect(ports).toEqual([expect.objectContaining({ port: Number(port) })]);
    const chosen = workloads(manifests).filter(({ pod }) => selects(selector, pod));
    expect(chosen.map((workload) => workload.name)).toEqual([target]);
    expect(manifests.find(({ kind }) => kind === 'TriggerAuthentication')?.metadata.name).toBe(
      trigger.authenticationRef.name,
    );
  }
});

interface ScaledSpec {
  scaleTargetRef: { name: string };
  triggers: {
    type: string;
    metadata: { url: string; valueLocation: string };
    authenticationRef: { name: string };
  }[];
}
