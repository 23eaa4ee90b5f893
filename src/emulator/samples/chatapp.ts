/** Samples of the chat apps (receipts.md §8). */
import { type Cards, Deck } from './deck.js';
import { cycle, digits, rarely, type Sample, serialText, Timeline } from './series.js';

const BUSINESS = '8613900000000';
const SPACE = { CustSpaceId: 'cams-0001', WabaId: '952700000001' };

const media = (kind: string, mimeType: string): object => ({
  id: `${kind}-1`,
  mimeType,
  url: `https://example.invalid/${kind}`,
});

/** Anything but a text is JSON within the string. */
const INBOUND: readonly [[string, string], ...[string, string][]] = [
  ['TEXT', 'hello'],
  ['TEXT', '请问我的订单到哪里了？'],
  ['REPLY', JSON.stringify({ text: 'Yes', payload: 'payload-1' })],
  ['TEXT', 'thank you 👍'],
  ['IMAGE', JSON.stringify({ caption: 'the box', ...media('image', 'image/jpeg') })],
  ['TEXT', 'STOP'],
  ['LOCATION', JSON.stringify({ address: '杭州', latitude: 30.25, longitude: 120.16, name: '西湖' })],
  ['DOCUMENT', JSON.stringify({ filename: 'a.pdf', name: 'a', ...media('document', 'application/pdf') })],
  ['AUDIO', JSON.stringify({ name: 'a', ...media('audio', 'audio/ogg') })],
  ['VIDEO', JSON.stringify({ name: 'a', ...media('video', 'video/mp4') })],
];

/** Samples over HTTP print the key of the time with a blank at its end. */
export const chatAppInbound: Sample = (n, series) => {
  const [type, message] = cycle(INBOUND, n);
  return {
    MessageId: `1${serialText(n, series)}`,
    ...SPACE,
    From: customer(n),
    To: BUSINESS,
    DisplayName: `Mr Liu ${digits(n, 4)}`,
    Name: `liu${digits(n, 4)}`,
    Type: type,
    Message: message,
    [rarely('timestamp', n) ? 'Timestamp ' : 'Timestamp']: new Timeline(n, series, 0).ms(0),
    NoticeType: 'inbound',
  };
};

interface Step {
  status: string;
  /** Seconds since it was sent. */
  at: number;
}

const SENT: Step = { status: 'Sent', at: 1 };
const DELIVERED: Step = { status: 'Delivered', at: 3 };
const READ: readonly Step[] = [SENT, DELIVERED, { status: 'Read', at: 60 }];
const UNREAD: readonly Step[] = [SENT, DELIVERED];
const FAILED: readonly Step[] = [SENT, { status: 'Failed', at: 30 }];
const CARDS: Cards<readonly Step[]> = [READ, READ, UNREAD, READ, FAILED, READ, UNREAD];

const deck = new Deck(CARDS);
const steps = deck.reports((card) => card.length);

/** What becomes of a message, step by step. */
export const chatAppStatus: Sample = (n, series) => {
  const { call: number, report } = steps(n);
  const { status, at } = deck.card(number)[report] ?? SENT;
  const id = `2${serialText(number, series)}`;
  return {
    MessageId: id,
    From: BUSINESS,
    To: customer(number),
    Timestamp: new Timeline(number, series, at).ms(at),
    Status: status,
    StatusDescription: status.toLowerCase(),
    MsgFrameType: number % 2 === 0 ? 'template' : 'message',
    ...(number % 2 === 0 ? { TemplateCode: 'tpl_1', ConversationType: 'marketing' } : {}),
    ...(status === 'Failed' ? { ErrorCode: '131026', ErrorDescription: 'Message undeliverable' } : {}),
    TaskId: id,
  };
};

const AUDITS: readonly [string, ...string[]] = [
  'pass',
  'pass',
  'auditing',
  'pass',
  'fail',
  'pass',
  'unaudit',
];

export const chatAppAudit: Sample = (n, series) => {
  const status = cycle(AUDITS, n);
  return {
    WabaId: SPACE.WabaId,
    TemplateCode: `tpl_${serialText(n, series)}`,
    Language: n % 2 === 0 ? 'en' : 'zh_CN',
    AuditStatus: status,
    ...(status === 'fail' ? { Reason: 'INVALID_FORMAT' } : {}),
  };
};

function customer(n: number): string {
  return `86138${digits(n, 8)}`;
}
