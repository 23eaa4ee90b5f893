import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { ConfigError, type LoadedConfig, loadConfig } from '../../src/config/index.js';

/** Loading from a directory of its own, so that no test sees another's file. */

export const QUEUES = 'queues: [{ messageType: SmsReport, queueName: Q-1 }]\n';
/** Two lines long, so that what a test adds starts on line 3. */
export const HEAD = `# minimal\n${QUEUES}`;

const made: string[] = [];

afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** Gone after the test. */
export function directory(files: Record<string, string | Uint8Array> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'receiptd-config-'));
  made.push(path);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

export function load(text: string | Uint8Array, env: Record<string, string> = {}): LoadedConfig {
  return loadConfig({ env, cwd: directory({ 'receiptd.yaml': text }) });
}

/** The lines of the ConfigError that loading ends in. */
export function refused(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
  throw new Error('loaded, should have been refused');
}
