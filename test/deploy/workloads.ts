/** The parts of manifests that tests look into, narrowed from what a schema has already accepted. */
import type { Manifest } from './helm.js';

export interface Probe {
  httpGet: { path: string; port: string | number };
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args: string[];
  env: {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef: { name: string; key: string } };
  }[];
  ports?: { name: string; containerPort: number }[];
  securityContext: Record<string, unknown>;
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
}

export interface Pod {
  metadata: { labels: Record<string, string> };
  spec: {
    serviceAccountName: string;
    automountServiceAccountToken: boolean;
    terminationGracePeriodSeconds: number;
    securityContext: Record<string, unknown>;
    containers: [Container];
    volumes: {
      name: string;
      secret?: { secretName: string; items: { key: string; path: string }[] };
      configMap?: { name: string };
      persistentVolumeClaim?: { claimName: string };
      emptyDir?: object;
    }[];
  };
}

/** The pod template of a workload; undefined for anything else. */
export function podOf({ kind, spec }: Manifest): Pod | undefined {
  const { template, jobTemplate } = (spec ?? {}) as {
    template?: Pod;
    jobTemplate?: { spec: { template: Pod } };
  };
  if (kind === 'Deployment' || kind === 'Job') return template;
  return kind === 'CronJob' ? jobTemplate?.spec.template : undefined;
}

/** Every workload of the manifests, with its pod. */
export function workloads(manifests: readonly Manifest[]): { name: string; kind: string; pod: Pod }[] {
  return manifests.flatMap((manifest) => {
    const pod = podOf(manifest);
    return pod === undefined ? [] : [{ name: manifest.metadata.name, kind: manifest.kind, pod }];
  });
}

/** Whether a selector chooses a pod. */
export function selects(selector: Record<string, string>, { metadata }: Pod): boolean {
  return Object.entries(selector).every(([name, value]) => metadata.labels[name] === value);
}
