/**
 * The manifests of deploy/k8s, made of the chart: which values, and which of the objects go into which file. What only means
 * something to Helm is left out.
 */
import { manifestsOf, render } from './helm.js';

export interface PlainFile {
  /** Below deploy/k8s. */
  path: string;
  values: Record<string, unknown>;
  /** Kinds that go into the file; without it all. */
  kinds?: readonly string[];
  /** First line of the file. */
  about: string;
}

const common = {
  config: { queues: [{ messageType: 'SmsReport', queueName: 'Alicom-Queue-REPLACE-ME-SmsReport' }] },
  networkPolicy: {
    from: [
      { podSelector: {} },
      ...['keda', 'monitoring'].map((name) => ({
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
      })),
    ],
  },
};
const scaling = ['HorizontalPodAutoscaler', 'ScaledObject', 'TriggerAuthentication'];

export const plainFiles: readonly PlainFile[] = [
  {
    path: 'base/receiptd.yaml',
    about: 'Pods that fetch and deliver. Set the queues, sinks and image; the Secret is apart.',
    values: common,
  },
  {
    path: 'split/receiptd.yaml',
    about: 'Pods that fetch and pods that deliver, each scaled for itself. Instead of base.',
    values: { ...common, roles: 'split' },
  },
  {
    path: 'keda/scaling.yaml',
    about: 'As many pods as the backlog needs, by KEDA, which asks the daemon itself.',
    values: { ...common, autoscaling: { by: 'keda' } },
    kinds: scaling,
  },
  {
    path: 'hpa/scaling.yaml',
    about:
      'As many pods as the backlog needs, by the metric that prometheus-adapter makes of receiptd_backlog.',
    values: { ...common, autoscaling: { by: 'hpa' } },
    kinds: scaling,
  },
  {
    path: 'monitoring/monitoring.yaml',
    about: 'For the Prometheus operator. Give them the labels by which yours chooses.',
    values: { ...common, monitoring: { enabled: true } },
    kinds: ['ServiceMonitor', 'PrometheusRule'],
  },
  {
    path: 'jobs/once.yaml',
    about: 'Drains the queues every five minutes, with the configuration and the Secret of base.',
    values: { ...common, roles: 'none', once: { enabled: true } },
    kinds: ['CronJob'],
  },
  {
    path: 'jobs/replay.yaml',
    about:
      'Replays the capture on the claim receiptd-capture to the sinks of base. Delete it before the next one.',
    values: {
      ...common,
      roles: 'none',
      replay: { enabled: true, name: 'receiptd-replay', claimName: 'receiptd-capture' },
    },
    kinds: ['Job'],
  },
];

const FOR_HELM =
  /^ *(helm\.sh\/chart|app\.kubernetes\.io\/managed-by|checksum\/config): .*\n|^# Source: .*\n| *annotations:\n(?= *checksum\/config: .*\n(?! {8}\S+: ))/gm;

/** @returns the text of the file */
export function plainText({ values, kinds, about }: PlainFile): string {
  const documents = render(values)
    .split(/^---\n/m)
    .map((text) => text.replace(FOR_HELM, '').trim())
    .filter((text) => {
      const [manifest] = manifestsOf(text);
      return manifest !== undefined && (kinds === undefined || kinds.includes(manifest.kind));
    });
  return `# ${about}\n# Made of the chart by \`npm run manifests\`.\n${documents.map((text) => `---\n${text}\n`).join('')}`;
}
