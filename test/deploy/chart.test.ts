import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { VERSION } from '../../src/version.js';
import { CHART, lint, manifestsOf, notes, render } from './helm.js';
import { unknownFields, wrongValues } from './kubernetes.js';
import { checkWorkloads } from './rules.js';
import { cases } from './values.js';

describe.each(cases)('the chart with $name values', ({ values }) => {
  const manifests = manifestsOf(render(values));

  it('passes the linter of Helm', () => {
    expect(lint(values)).toMatchObject({ code: 0 });
  });

  it('is what the schemas of Kubernetes, KEDA and the Prometheus operator ask for', async () => {
    expect(await wrongValues(manifests)).toEqual([]);
  });

  it('has no field that does not exist', () => {
    expect(unknownFields(manifests)).toBe('');
  });

  it('runs its pods as it promises, and refers only to what there is', () => {
    checkWorkloads(manifests);
  });
});

it('has cases that use every template and both sides of each switch', () => {
  const kinds = cases.map(({ values }) => new Set(manifestsOf(render(values)).map(({ kind }) => kind)));
  for (const kind of [
    'ConfigMap',
    'CronJob',
    'Deployment',
    'HorizontalPodAutoscaler',
    'Job',
    'NetworkPolicy',
    'PersistentVolumeClaim',
    'PodDisruptionBudget',
    'PrometheusRule',
    'ScaledObject',
    'Secret',
    'Service',
    'ServiceAccount',
    'ServiceMonitor',
    'TriggerAuthentication',
  ]) {
    expect(
      kinds.some((of) => of.has(kind)),
      kind,
    ).toBe(true);
    if (kind !== 'ConfigMap')
      expect(
        kinds.every((of) => of.has(kind)),
        kind,
      ).toBe(false);
  }
});

it('is of the version of the package', () => {
  const chart = parse(readFileSync(`${CHART}/Chart.yaml`, 'utf8')) as Record<string, string>;
  expect([chart.version, chart.appVersion]).toEqual([VERSION, VERSION]);
});

it('tells which Secret to make, and no secret', () => {
  const byName = Object.fromEntries(cases.map(({ name, values }) => [name, notes(values)]));
  expect(byName.all).toContain('create secret generic receiptd \\');
  expect(byName.all).toContain("--from-literal=pipeline-url='rediss://");
  expect(byName.all).toContain('--from-literal=access-key-id=');
  expect(byName.keda).not.toContain('ops-viewer-token');
  expect(byName.split).not.toContain('access-key-id');
  expect(byName.embedded).not.toContain('pipeline-url');
  expect(byName.jobs).not.toContain('create secret');
});
