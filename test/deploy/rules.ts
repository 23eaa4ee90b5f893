/** What every set of manifests must keep to, wherever it comes from. */
import { expect } from 'vitest';
import { parse } from 'yaml';
import type { Manifest } from './helm.js';
import { type Pod, selects, workloads } from './workloads.js';

export function checkWorkloads(manifests: readonly Manifest[]): void {
  const pods = workloads(manifests);
  for (const { name, kind, pod } of pods) {
    lockedDown(pod, name);
    drains(pod, name, manifests);
    probed(pod, `${kind} ${name}`, kind);
    whole(pod, name, manifests);
  }
  for (const { kind, metadata, spec } of manifests) {
    const chosen = selectorOf(kind, spec);
    if (chosen !== undefined)
      expect(
        pods.some(({ pod }) => selects(chosen, pod)),
        `${kind} ${metadata.name} chooses no pod`,
      ).toBe(true);
    const target = (spec as { scaleTargetRef?: { name: string } } | undefined)?.scaleTargetRef;
    if (target === undefined) continue;
    const scaled = manifests.find(
      (other) => other.kind === 'Deployment' && other.metadata.name === target.name,
    );
    expect(scaled, `${kind} ${metadata.name} scales ${target.name}`).toBeDefined();
    expect(scaled?.spec, `${target.name}: each release would undo the scaling`).not.toHaveProperty(
      'replicas',
    );
  }
}

/** Without privileges, on a root that cannot be written to, and without a token of the cluster. */
function lockedDown({ spec }: Pod, name: string): void {
  const [container] = spec.containers;
  expect(spec.securityContext, name).toMatchObject({
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(spec.securityContext.runAsUser, name).toBeGreaterThan(0);
  expect(container.securityContext, name).toMatchObject({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(spec.automountServiceAccountToken, name).toBe(false);
  const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
  expect(
    writable.map(({ mountPath }) => mountPath),
    name,
  ).toEqual(['/var/lib/receiptd', '/tmp']);
}

/** Kubernetes waits longer for the pod than receiptd does for what it drains. */
function drains({ spec }: Pod, name: string, manifests: readonly Manifest[]): void {
  const { shutdown } = configOf(spec, manifests);
  expect(spec.terminationGracePeriodSeconds * 1000, name).toBeGreaterThan(shutdown?.timeout ?? 25_000);
}

/** Only a daemon is asked how it is, and only its hanging restarts it. */
function probed({ spec }: Pod, name: string, kind: string): void {
  const { livenessProbe, readinessProbe, startupProbe, ports } = spec.containers[0];
  const paths = [livenessProbe, readinessProbe, startupProbe].map((probe) => probe?.httpGet.path);
  const daemon = kind === 'Deployment';
  expect(paths, name).toEqual(
    daemon
      ? ['/livez', expect.stringMatching(/^\/(readyz|livez)$/), '/livez']
      : [undefined, undefined, undefined],
  );
  expect(ports, name).toEqual(daemon ? [{ name: 'ops', containerPort: expect.any(Number) }] : undefined);
}

/** Every mount has a volume, every claim and config map there could be is there, every file of a secret is mounted. */
function whole({ spec }: Pod, name: string, manifests: readonly Manifest[]): void {
  const [{ volumeMounts, env }] = spec.containers;
  const volumes = new Set(spec.volumes.map((volume) => volume.name));
  for (const mount of volumeMounts) expect(volumes, name).toContain(mount.name);
  expect(volumes.size, `${name} has a volume twice, or one that is not mounted`).toBe(volumeMounts.length);
  const files = spec.volumes.flatMap(({ secret }) => secret?.items ?? []).map(({ path }) => path);
  for (const { name: variable, value } of env) {
    const [, file] = /^\/run\/secrets\/receiptd\/(.+)$/.exec(value ?? '') ?? [];
    if (file !== undefined) expect(files, `${name}: ${variable}`).toContain(file);
  }
  const made = manifests.find(({ kind }) => kind === 'Secret')?.stringData;
  if (made !== undefined) for (const file of files) expect(Object.keys(made), name).toContain(file);
}

/** The receiptd.yaml that a pod runs with. */
export function configOf(
  { volumes }: Pod['spec'],
  manifests: readonly Manifest[],
): { shutdown?: { timeout?: number }; [section: string]: unknown } {
  const name = volumes.find((volume) => volume.name === 'config')?.configMap?.name;
  const map = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name);
  return parse(map?.data?.['receiptd.yaml'] ?? '') as Record<string, unknown>;
}

function selectorOf(kind: string, spec: Manifest['spec']): Record<string, string> | undefined {
  const { selector, podSelector } = (spec ?? {}) as {
    selector?: Record<string, string> & { matchLabels?: Record<string, string> };
    podSelector?: { matchLabels: Record<string, string> };
  };
  if (kind === 'Service') return selector;
  if (kind === 'NetworkPolicy') return podSelector?.matchLabels;
  return kind === 'Deployment' || kind === 'PodDisruptionBudget' ? selector?.matchLabels : undefined;
}
