/**
 * What of a new configuration a running daemon can take. Slices are replaced by new ones, so whatever only they are made
 * from can change; what the process stands on stays until it is restarted. A key that is not listed here stays.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from './schema.js';

const CHANGEABLE: ReadonlySet<string> = new Set([
  'sinks',
  'credentials',
  'dedupe',
  'ack',
  'capture',
  'shutdown',
  'poll',
  'tracing',
  'pipeline.concurrency',
  'pipeline.maxInFlight',
  'pipeline.attempts',
  'pipeline.ackOn',
  'log.level',
]);

export interface ReloadPlan {
  /** To go on with: the new values of what can change, the old ones of the rest. */
  config: Config;
  /** Names of the keys that differ and can change, a section or a key of it. */
  changed: string[];
  /** Names of the keys that differ and stay. */
  needsRestart: string[];
}

type Section = Readonly<Record<string, unknown>>;

export function planReload(current: Config, next: Config): ReloadPlan {
  const plan: ReloadPlan = { config: current, changed: [], needsRestart: [] };
  plan.config = merge('', { ...current }, { ...next }, plan) as unknown as Config;
  return plan;
}

function merge(prefix: string, current: Section, next: Section, plan: ReloadPlan): Section {
  const merged: Record<string, unknown> = { ...current };
  for (const key of new Set([...Object.keys(current), ...Object.keys(next)])) {
    const [before, after] = [current[key], next[key]];
    const name = `${prefix}${key}`;
    if (isDeepStrictEqual(before, after)) continue;
    if (CHANGEABLE.has(name)) {
      merged[key] = after;
      plan.changed.push(name);
    } else if (prefix === '' && isSection(before) && isSection(after)) {
      merged[key] = merge(`${name}.`, before, after, plan);
    } else plan.needsRestart.push(name);
  }
  return merged;
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
