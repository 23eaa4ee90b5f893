/** The values that the chart is tested with: those of its ci folder, where chart-testing looks too. */
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { CHART } from './helm.js';

export const cases: { name: string; values: Record<string, unknown> }[] = readdirSync(`${CHART}/ci`).map(
  (file) => ({
    name: file.replace('-values.yaml', ''),
    values: parse(readFileSync(`${CHART}/ci/${file}`, 'utf8')) as Record<string, unknown>,
  }),
);

/** The values that a release has when nothing is set. */
export function defaults(): Record<string, unknown> {
  return parse(readFileSync(`${CHART}/values.yaml`, 'utf8')) as Record<string, unknown>;
}
