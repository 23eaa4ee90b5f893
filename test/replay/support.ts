/** Messages and files for the replay's tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CapturedMessage, captureLine, type FileMessage } from '../../src/message-file/index.js';
import { Completer } from '../../src/replay/complete.js';
import type { Filter } from '../../src/replay/filter.js';
import { RecentIds } from '../../src/replay/recent-ids.js';
import { Sieve } from '../../src/replay/sieve.js';

export const QUEUE = 'Alicom-Queue-1234567890123456-SmsReport';
/** 2026-01-31 08:00:00 Beijing time */
export const NOON = Date.UTC(2026, 0, 31);

/** A receipt of a domestic SMS as it is published. */
export function receipt(n: number) {
  return {
    phone_number: '13800138000',
    success: true,
    err_code: 'DELIVERED',
    err_msg: '用户接收成功',
    sms_size: '1',
    biz_id: `9008${n}^0`,
    out_id: `${n}`,
    send_time: '2026-01-31 07:59:00',
    report_time: '2026-01-31 07:59:30',
    dest_code: '10690000',
  };
}

export function base64(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
}

export function idOf(n: number): string {
  return `A${n.toString(16).toUpperCase().padStart(31, '0')}`;
}

export function captured(n: number, more: Partial<CapturedMessage> = {}): CapturedMessage {
  return {
    messageId: idOf(n),
    queueName: QUEUE,
    messageType: 'SmsReport',
    body: base64(receipt(n)),
    enqueueTime: NOON + n,
    dequeueCount: 1,
    receivedAt: NOON + n + 250,
    mnsHost: 'mns.test',
    ...more,
  };
}

/** So many lines of a capture file, messages numbered from 1. */
export function capture(count: number, more: (n: number) => Partial<CapturedMessage> = () => ({})): string {
  return Array.from({ length: count }, (_, index) => captureLine(captured(index + 1, more(index + 1)))).join(
    '',
  );
}

export function fileMessage(from: Omit<FileMessage, 'at'>, line = 1): FileMessage {
  return { ...from, at: { file: 'f', line } };
}

export function sieveOf(filter: Partial<Filter> = {}, recent?: RecentIds): Sieve {
  const completer = new Completer({ queues: [], mnsHost: 'unused' });
  return new Sieve(completer, { types: [], ...filter }, recent ?? new RecentIds());
}

export interface Scratch {
  path(name: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function scratch(): Promise<Scratch> {
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-replay-'));
  return {
    path: (name) => join(directory, name),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
