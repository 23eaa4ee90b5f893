/**
 * What Kubernetes, KEDA and the Prometheus operator would say of manifests: their schemas, twice. The validators find wrong
 * values; the types, to which each manifest is assigned as a literal, find fields that do not exist.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from './helm.js';

/** apiVersion and kind → the module that has its class and, as `I` and its name, its type. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  const [group = ''] = apiVersion.split('/');
  const of: Record<string, string> = {
    'keda.sh': '@kubernetes-models/keda',
    'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  };
  // As kubernetes-models names the folders of built-in groups.
  return `${of[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

interface Model {
  validate(): void;
}

/** @returns one line for each wrong value, none when all is well */
export async function wrongValues(manifests: readonly Manifest[]): Promise<string[]> {
  const found: string[] = [];
  for (const manifest of manifests) {
    const module = (await import(moduleOf(manifest))) as Record<string, new (data: unknown) => Model>;
    const Kind = module[manifest.kind];
    if (Kind === undefined) throw new Error(`no schema of ${manifest.apiVersion} ${manifest.kind}`);
    try {
      new Kind(manifest).validate();
    } catch (error) {
      found.push(`${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`);
    }
  }
  return found;
}

/** @returns what the compiler says of fields that do not exist, or have a value of another type; empty when all is well */
export function unknownFields(manifests: readonly Manifest[]): string {
  const scratch = mkdtempSync('node_modules/.receiptd-manifests-');
  try {
    const lines = manifests.map(
      (manifest, index) =>
        `export const m${index}: import('${moduleOf(manifest)}').I${manifest.kind} = ${JSON.stringify(manifest, null, 1)};`,
    );
    writeFileSync(join(scratch, 'manifests.ts'), lines.join('\n'));
    writeFileSync(
      join(scratch, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          target: 'es2023',
          module: 'nodenext',
          types: [],
        },
        files: ['manifests.ts'],
      }),
    );
    const { stdout, error } = spawnSync('node_modules/.bin/tsc', ['-p', scratch], { encoding: 'utf8' });
    if (error !== undefined) throw error;
    return stdout;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
