import type { EventRecord } from '../../src/receipts/index.js';

/** An event as the pipeline carries it. */
export function record(id: string, overrides: Partial<EventRecord> = {}): EventRecord {
  return {
    specversion: '1.0',
    id,
    source: 'mns://mns.test/queues/q',
    type: 'com.aliyun.alicom.SmsReport',
    time: '2026-01-01T00:00:00.000Z',
    datacontenttype: 'application/json',
    messagetype: 'SmsReport',
    queuename: 'q',
    dequeuecount: 1,
    enqueuedat: '2026-01-01T00:00:00.000Z',
    json: '{"biz_id":"1","success":true}',
    ...overrides,
  };
}

export const context = () => ({ attempt: 1, signal: new AbortController().signal });
