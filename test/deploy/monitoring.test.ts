/** The alert rules and the dashboard, held against what a running daemon exposes. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';
import { type Exposition, labelsOfResult, problemsOf, readExposition, readPromQL } from './promql.js';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: Record<string, string>;
}

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat: string; refId: string }[];
}

interface Variable {
  name: string;
  query: string | { query: string };
}

interface Dashboard {
  panels: Panel[];
  templating: { list: Variable[] };
}

const deployed = (path: string) => readFile(new URL(`../../deploy/${path}`, import.meta.url), 'utf8');
const { groups } = parse(await deployed('prometheus/alerts.yaml')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules.map((rule) => [rule.alert, rule] as const));
const dashboard = JSON.parse(await deployed('grafana/receiptd.json')) as Dashboard;
const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map((target) => [`${title} ${target.refId}`, target] as const),
);

let exposition: Exposition;

beforeAll(async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(20);
  // Unlike its type, so that there is drift to be told of.
  cloud.send(QUEUE, { phone_number: 13800138000, success: 'maybe' });
  const daemon = await site.daemon(configFor(cloud));
  await daemon.untilReady();
  await until('all to be acknowledged', async () => {
    const [queue] = (await daemon.status()).queues;
    return queue?.counters.acknowledged === 21;
  });
  exposition = readExposition(await (await fetch(`${daemon.opsUrl}/metrics`)).text());
});

describe('the test itself', () => {
  const made = readExposition('a{x="1",y="2"} 1\n# HELP b c\nb 2\nc_bucket{le="+Inf",path="q\\"}{"} 3\n');

  test('reads an exposition', () => {
    expect([...made.keys()]).toEqual(['a', 'b', 'c_bucket']);
    expect([...(made.get('c_bucket') ?? [])].map(([label]) => label)).toEqual(['le', 'path']);
  });

  test.each([
    ['sum by (x) (rate(a{y="2"}[5m])) > 0', []],
    ['a{instance=~"$i"} and on (instance) b', []],
    ['sum without (zone) (a)', []],
    ['nope > 0', ['there is no series nope']],
    ['sum by (zone) (a)', ['a has no label zone']],
    ['a{zone=~"1"}', ['a has no label zone']],
    ['a{x!="3"}', ['a never has x="3"']],
    ['rate(a[$__rate_interval]) / on (x) b', ['b has no label x']],
    ['1 > 0', ['it names no series']],
  ])('finds what is wrong with %s', (expression, problems) => {
    expect(problemsOf(expression, made)).toEqual(problems);
  });

  test.each(['sum by (', 'rate(a[5x])', 'a{x=1}', '', 'a b'])('refuses %j', (expression) => {
    expect(() => readPromQL(expression)).toThrow(SyntaxError);
  });
});

describe('the alert', () => {
  it.each(rules)('%s can fire: all that it names is there', (_, { expr }) => {
    expect(problemsOf(expr, exposition)).toEqual([]);
  });

  it.each(rules)('%s says what, how bad, and what to do', (name, { expr, labels, annotations, ...rule }) => {
    expect(name).toMatch(/^Receiptd[A-Z][A-Za-z]+$/);
    expect(['critical', 'warning', 'info']).toContain(labels.severity);
    expect(rule.for ?? '5m').toMatch(/^\d+[mhd]$/);
    const { summary = '', description = '', runbook_url: runbook } = annotations;
    expect(summary.length).toBeGreaterThan(10);
    expect(summary).not.toMatch(/\.$/);
    expect(description).toMatch(/.{20}\.$/);
    expect(runbook).toBe(`docs/operations.md#${name.toLowerCase()}`);
    const used = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    expect(labelsOfResult(expr, exposition)).toEqual(expect.arrayContaining(used));
  });

  test('of each name is there once', () => {
    const names = rules.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(10);
  });
});

describe('the dashboard', () => {
  it.each(queries)('%s: all that it names is there', (_, { expr, legendFormat }) => {
    expect(problemsOf(expr, exposition)).toEqual([]);
    const used = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
    expect(labelsOfResult(expr, exposition)).toEqual(expect.arrayContaining(used));
  });

  test('has its panels beside each other, none upon another', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken.get(`${x} ${y}`), title).toBeUndefined();
          taken.set(`${x} ${y}`, title);
        }
    }
  });

  test('has every variable that it uses, and each asks for what there is', () => {
    const variables = dashboard.templating.list;
    const builtIn = ['__rate_interval', '__all'];
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
    const known = [...builtIn, ...variables.map(({ name }) => name)];
    expect(used.filter((name) => !known.includes(name))).toEqual([]);
    for (const { query } of variables) {
      const [, series, label] =
        /^label_values\((\w+), (\w+)\)$/.exec(typeof query === 'string' ? query : query.query) ?? [];
      if (series === undefined || label === undefined) continue;
      expect(problemsOf(`sum by (${label}) (${series})`, exposition)).toEqual([]);
    }
  });
});

test('every series of receiptd is on the dashboard or in an alert', () => {
  const named = [...rules.map(([, { expr }]) => expr), ...queries.map(([, { expr }]) => expr)]
    .flatMap((expression) => readPromQL(expression).selectors)
    .map(({ series }) => series.replace(/_bucket$/, ''));
  const unnamed = [...exposition.keys()]
    .filter((series) => series.startsWith('receiptd_') && !/_(sum|count)$/.test(series))
    .map((series) => series.replace(/_bucket$/, ''))
    .filter((series) => !named.includes(series));
  // Told by others: what is captured and decoded is what is received, and so on.
  expect(new Set(unnamed)).toEqual(
    new Set([
      'receiptd_empty_polls_total',
      'receiptd_captured_total',
      'receiptd_decoded_total',
      'receiptd_handed_off_total',
      'receiptd_last_acknowledgement_timestamp_seconds',
      'receiptd_token_refreshes_total',
    ]),
  );
});
