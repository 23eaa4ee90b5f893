import { readFileSync } from 'node:fs';
import type { EventRecord } from '../../src/receipts/index.js';

const attributes = JSON.parse(readFileSync(new URL('./record.json', import.meta.url), 'utf8'));

/** An event as the pipeline carries it. */
export function record(id: string, overrides: Partial<EventRecord> = {}): EventRecord {
  return { ...attributes, id, json: '{"biz_id":"1","success":true}', ...overrides };
}

export const context = () => ({ attempt: 1, signal: new AbortController().signal });
