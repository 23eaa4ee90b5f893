/** The chart as Helm itself renders it, and plain manifests as kubectl builds them: no cluster is asked. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';

export const CHART = 'deploy/helm/receiptd';

/** A Kubernetes object, as far as tests look into it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

/** What a tool made of its input: its output, or why it refused. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

let directory: string | undefined;

function run(tool: 'helm' | 'kubectl', args: readonly string[]): Outcome {
  directory ??= execFileSync('scripts/ensure-helm.sh', { encoding: 'utf8' }).trim();
  const { status, stdout, stderr, error } = spawnSync(join(directory, tool), args, {
    encoding: 'utf8',
    // Nobody's own repositories, plugins and clusters.
    env: { PATH: process.env.PATH ?? '', HOME: directory, KUBECONFIG: '/dev/null' },
  });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

/** `helm template` of the chart in the namespace `default`, with values as data. */
export function tryRender(values: unknown): Outcome {
  return withValues(values, (file) => run('helm', ['template', 'receiptd', CHART, '--values', file]));
}

/** @throws when Helm refuses */
export function render(values: unknown): string {
  return outputOf(tryRender(values));
}

/** @returns what Helm's linter says, everything of which is an error */
export function lint(values: unknown): Outcome {
  return withValues(values, (file) => run('helm', ['lint', CHART, '--strict', '--values', file]));
}

/** What `helm install` would tell its user. */
export function notes(values: unknown): string {
  const args = ['install', 'receiptd', CHART, '--dry-run=client', '--hide-secret'];
  const { stdout } = withValues(values, (file) => run('helm', [...args, '--values', file]));
  return stdout.slice(stdout.indexOf('NOTES:'));
}

/** `kubectl kustomize` of a directory. @throws when it cannot be built */
export function kustomize(path: string): Manifest[] {
  return manifestsOf(outputOf(run('kubectl', ['kustomize', path])));
}

/** As Kubernetes reads YAML, which is version 1.1. */
export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    for (const error of document.errors) throw error;
    const manifest = document.toJS() as Manifest | null;
    return manifest === null ? [] : [manifest];
  });
}

function outputOf({ code, stdout, stderr }: Outcome): string {
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

function withValues<T>(values: unknown, use: (file: string) => T): T {
  const scratch = mkdtempSync(join(tmpdir(), 'receiptd-values-'));
  try {
    const file = join(scratch, 'values.yaml');
    writeFileSync(file, stringify(values));
    return use(file);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
