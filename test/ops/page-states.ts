/** What a daemon may be like when somebody opens its page: as the rest of it would tell. */
import type { HistoryPoint, QueueStatus } from '../../src/ops/index.js';
import type { Sources } from '../../src/ops/pages/index.js';
import type { DeadLetter, DeadLetterDesk, DeadLetterSelection } from '../../src/pipeline/index.js';
import type { RecentEvent } from '../../src/stats.js';
import { queueStatus, sinkStatus, statusOf } from './statuses.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

export const QUEUES = {
  sms: 'Alicom-Queue-1234567890123456-SmsReport',
  up: 'Alicom-Queue-1234567890123456-SmsUp',
  voice: 'Alicom-Queue-1234567890123456-VoiceReport',
};

/** A desk that holds dead letters in memory. */
export class FakeDesk implements Pick<DeadLetterDesk, 'list' | 'show' | 'retry' | 'drop'> {
  readonly retried: string[] = [];
  readonly dropped: string[] = [];
  letters: DeadLetter[];

  constructor(letters: DeadLetter[]) {
    this.letters = letters;
  }

  list: DeadLetterDesk['list'] = async ({ text, limit }) => {
    const found = this.letters.filter(
      (letter) => text === undefined || JSON.stringify(letter).includes(text),
    );
    return { total: found.length, deadLetters: found.slice(0, limit) };
  };

  show: DeadLetterDesk['show'] = async (id) => this.letters.find(({ messageId }) => messageId === id);

  retry: DeadLetterDesk['retry'] = async (selection) => this.#take(selection, this.retried);

  drop: DeadLetterDesk['drop'] = async (selection) => this.#take(selection, this.dropped);

  #take(selection: DeadLetterSelection, into: string[]) {
    const wanted = 'messageIds' in selection ? selection.messageIds : [];
    const [id = ''] = wanted;
    const before = this.letters.length;
    this.letters = this.letters.filter(({ messageId }) => messageId !== id);
    const done = before - this.letters.length;
    if (done > 0) into.push(id);
    return { done, missing: done > 0 ? [] : wanted };
  }
}

/** As a server takes them; `desk` is there to look at. */
export type PageState = Sources & { desk: FakeDesk };

export function letter(index: number, now: number, reason: string): DeadLetter {
  const at = (minutes: number) => new Date(now - minutes * MINUTE).toISOString();
  return {
    messageId: `5F290C6D-D30B-4B2E-9A61-7C3D1E0A55${String(10 + index)}`,
    queueName: QUEUES.sms,
    messageType: 'SmsReport',
    reason,
    attempts: 8,
    dequeueCount: 1,
    enqueuedAt: at(50 + index),
    receivedAt: at(49 + index),
    diedAt: at(12 + 17 * index),
    errors: [],
    body: '',
  };
}

const REASONS = [
  'webhook crm: HTTP 422 {"error":"unknown out_id 90812"}',
  'webhook crm: HTTP 404 for 138****78',
  'undecodable: the body is neither JSON nor base64',
];

function events(now: number): RecentEvent[] {
  const sms = { queueName: QUEUES.sms, messageType: 'SmsReport' };
  const outcomes = [
    'delivered',
    'delivered',
    'delivered',
    'duplicate',
    'delivered',
    'delivered',
    'dead',
    'filtered',
  ] as const;
  return outcomes.map((outcome, index) => ({
    ...(index === 4 ? { queueName: QUEUES.voice, messageType: 'VoiceReport' } : sms),
    id: `7C1E44F0-8A5D-4C0B-B8E2-3F6A9D1B20${String(60 + index)}`,
    at: now - (2 + 5 * index) * SECOND,
    outcome,
    ...(index === 4
      ? { callId: '116012853223^10281378322' }
      : { bizId: `93270230408041535${index}^0`, outId: `order-2026${1100 + index}` }),
    phone: `1380013${String(8000 + index * 37)}`,
  }));
}

/** An hour in steps of half a minute, with a wave and a peak in it, always the same. */
export function hour(now: number): HistoryPoint[] {
  return Array.from({ length: 120 }, (_, index) => {
    const wave = 180 + 90 * Math.sin(index / 9) + 35 * Math.sin(index / 2.3) + 16 * Math.sin(index * 1.7);
    const peak = index > 70 && index < 82 ? 260 * Math.sin(((index - 70) / 12) * Math.PI) : 0;
    const received = Math.round((wave + peak) * 30);
    const delivered = Math.round((wave + 0.8 * peak + (index > 80 && index < 92 ? 22 : 0)) * 30);
    const slow = 1 + peak / 160;
    const p50 = (0.021 + 0.004 * Math.sin(index / 4)) * slow;
    return {
      at: now - (119 - index) * 30 * SECOND,
      seconds: 30,
      received,
      delivered,
      dead: 0,
      p50,
      p95: p50 * (2.7 + 0.5 * Math.sin(index / 3.1)),
    };
  });
}

function queues(now: number): QueueStatus[] {
  const token = { expiresInSeconds: 6_100, nextRefreshInSeconds: 5_980, refreshes: 9, failures: 0 };
  return [
    queueStatus({
      queueName: QUEUES.sms,
      inFlight: 214,
      backlog: 198,
      rate: { received: 241.7, delivered: 238.2 },
      lagSeconds: 1.4,
      oldestUndeliveredAt: now - 3 * SECOND,
      lastError: { at: now - 26 * MINUTE, text: 'webhook crm: HTTP 503, tried again' },
      token,
    }),
    queueStatus({
      queueName: QUEUES.up,
      messageType: 'SmsUp',
      inFlight: 2,
      rate: { received: 1.9, delivered: 1.9 },
      lagSeconds: 0.6,
      oldestUndeliveredAt: 0,
      token: { ...token, expiresInSeconds: 2_650, nextRefreshInSeconds: 2_530 },
    }),
    queueStatus({
      queueName: QUEUES.voice,
      messageType: 'VoiceReport',
      inFlight: 11,
      backlog: 9,
      rate: { received: 12.4, delivered: 12.5 },
      lagSeconds: 0.9,
      oldestUndeliveredAt: now - 1 * SECOND,
      token: { ...token, expiresInSeconds: 7_020, nextRefreshInSeconds: 6_900 },
    }),
  ];
}

const SINKS = [
  sinkStatus({ name: 'crm', type: 'webhook', delivered: 1_284_402, failed: 31 }),
  sinkStatus({ name: 'warehouse', type: 'sql', delivered: 1_284_398, failed: 0 }),
  sinkStatus({ name: 'ndjson:receipts.ndjson', type: 'ndjson', delivered: 1_284_411, failed: 0 }),
];

function state(now: number, overrides: Partial<Sources>, letters: DeadLetter[]): PageState {
  const desk = new FakeDesk(letters);
  const base = statusOf({
    version: '0.1.0',
    pid: 4127,
    startedAt: new Date(now - 3.2 * 86_400_000).toISOString(),
    slices: { count: 2, mode: 'threads', restarts: 0 },
    queues: queues(now),
    sinks: SINKS,
  });
  return {
    desk,
    status: () => base,
    history: () => hour(now),
    recent: async ({ text }) =>
      events(now).filter((event) => text === undefined || (Object.values(event) as unknown[]).includes(text)),
    deadLetters: () => desk as unknown as DeadLetterDesk,
    ...overrides,
  };
}

export function busy(now = Date.now()): PageState {
  return state(
    now,
    {},
    REASONS.map((reason, index) => letter(index, now, reason)),
  );
}

/** Just started, and nothing has come yet. */
export function empty(now = Date.now()): PageState {
  const token = { expiresInSeconds: 7_200, nextRefreshInSeconds: 7_080, refreshes: 1, failures: 0 };
  const queue = queueStatus({ queueName: QUEUES.sms, lagSeconds: 0, oldestUndeliveredAt: 0, token });
  const status = statusOf({
    version: '0.1.0',
    startedAt: new Date(now - 20 * SECOND).toISOString(),
    slices: { count: 1, mode: 'inline', restarts: 0 },
    queues: [queue],
    sinks: [sinkStatus({ name: 'ndjson', type: 'ndjson' })],
  });
  return state(now, { status: () => status, history: () => [], recent: async () => [] }, []);
}

export function sinkDown(now = Date.now()): PageState {
  const problem = 'connect ECONNREFUSED 10.0.4.17:443';
  const [first, ...others] = SINKS;
  const down = { ...sinkStatus(first), state: 'down' as const, downSince: now - 4 * MINUTE, problem };
  const status = statusOf({
    version: '0.1.0',
    ready: false,
    reasons: [`sink crm is down, receiving waits until it works: ${problem}`],
    startedAt: new Date(now - 3.2 * 86_400_000).toISOString(),
    queues: queues(now).map((queue) => ({
      ...queue,
      rate: { received: 0, delivered: 0 },
      downSink: 'crm',
      lagSeconds: 252,
      oldestUndeliveredAt: now - 4 * MINUTE,
    })),
    sinks: [down, ...others],
  });
  return state(now, { status: () => status }, []);
}

export function tokenFailing(now = Date.now()): PageState {
  const lastError =
    'QueryTokenForMnsQueue: InvalidAccessKeyId.NotFound: the AccessKey is not known: check credentials.accessKeyId';
  const [first, ...others] = queues(now);
  const failing = queueStatus({
    ...first,
    token: { expiresInSeconds: -40, nextRefreshInSeconds: 4, refreshes: 9, failures: 17, lastError },
  });
  const status = statusOf({
    version: '0.1.0',
    ready: false,
    reasons: [`${QUEUES.sms}: ${lastError}`],
    startedAt: new Date(now - 3.2 * 86_400_000).toISOString(),
    queues: [failing, ...others],
    sinks: SINKS,
  });
  return state(now, { status: () => status }, []);
}
