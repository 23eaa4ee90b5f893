import { expect, it } from 'vitest';
import { manifestsOf } from './helm.js';
import { unknownFields, wrongValues } from './kubernetes.js';

const deployment = (more: string, container = 'name: a') => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: broken }
spec:
  selector: {}
  template: { spec: { ${more} containers: [{ ${container} }] } }
`;
const scaled = (more: string, value: string) => `
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: { name: broken }
spec: { ${more} scaleTargetRef: { name: x }, triggers: [{ type: cpu, metadata: { value: ${value} } }] }
`;
const monitor = (more: string) => `
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: { name: broken }
spec: { selector: {}, endpoints: [{ port: ops, ${more} }] }
`;

it('finds wrong values in manifests', async () => {
  const texts = [deployment('', 'name: 1'), scaled('', '70'), monitor('interval: often')];
  expect(await wrongValues(manifestsOf(texts.join('---')))).toEqual([
    expect.stringMatching(/^Deployment broken: .*containers\/0\/name must be string/),
    expect.stringMatching(/^ScaledObject broken: .*value must be string/),
    expect.stringMatching(/^ServiceMonitor broken: .*interval must match/),
  ]);
});

it.each([
  ['terminationGracePeriodSecond', deployment('terminationGracePeriodSecond: 35,')],
  [
    'schema',
    deployment('', 'name: a, livenessProbe: { httpGet: { path: /livez, port: ops, schema: HTTP } }'),
  ],
  ['cooldown', scaled('cooldown: 3,', "'70'")],
  ['intervall', monitor('intervall: 30s')],
])('finds the field %s, which does not exist', (field, text) => {
  expect(unknownFields(manifestsOf(text))).toContain(field);
});

it('finds nothing in good ones', async () => {
  const good = manifestsOf([deployment(''), scaled('', "'70'"), monitor('interval: 30s')].join('---'));
  expect(unknownFields(good)).toBe('');
  expect(await wrongValues(good)).toEqual([]);
});

it('does not take a kind that it has no schema of for a good one', async () => {
  await expect(wrongValues(manifestsOf('{ apiVersion: apps/v1, kind: Deploymint }'))).rejects.toThrow();
});
