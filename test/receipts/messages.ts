import { decode, type EventRecord, type MessageOrigin, type RawMessage } from '../../src/receipts/index.js';

export const ORIGIN: MessageOrigin = {
  mnsHost: '123.mns.cn-hangzhou.aliyuncs.com',
  queueName: 'Alicom-Queue-123-SmsReport',
  messageType: 'SmsReport',
};

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function message(overrides: Partial<RawMessage> = {}): RawMessage {
  return {
    messageId: 'message-1',
    body: '{}',
    enqueueTime: Date.UTC(2024, 0, 1, 2),
    dequeueCount: 2,
    ...overrides,
  };
}

/** @throws with the reason when it is undecodable */
export function eventsOf(overrides: Partial<RawMessage>, messageType = 'SmsReport'): readonly EventRecord[] {
  const decoded = decode(message(overrides), { ...ORIGIN, messageType });
  if ('events' in decoded) return decoded.events;
  throw new Error(`undecodable: ${decoded.undecodable}`);
}

/** @throws unless it is exactly one event */
export function eventOf(overrides: Partial<RawMessage>, messageType = 'SmsReport'): EventRecord {
  const [event, ...more] = eventsOf(overrides, messageType);
  if (event === undefined || more.length > 0) throw new Error(`${1 + more.length} events`);
  return event;
}

export function undecodable(overrides: Partial<RawMessage>): string {
  const decoded = decode(message(overrides), ORIGIN);
  if ('undecodable' in decoded) return decoded.undecodable;
  throw new Error(`decoded to ${JSON.stringify(decoded.events)}`);
}
