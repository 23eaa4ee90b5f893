/**
 * The calls over protected numbers that the privacy reports talk about (receipts.md §6): A or B dials X, and X connects
 * them. Call `n` is the same to every type of report.
 */
import { type Cards, Deck, type Place } from './deck.js';
import { digits, lasting, mobile, outId, roll, type Series, serial, serialText } from './series.js';

export interface Outcome {
  /** Q.850, receipts.md §6.4 */
  cause: number;
  /** 0 platform, 1 caller, 2 callee */
  releasedBy: number;
  rang: boolean;
  answered: boolean;
  /** Nobody is bound to X, so the call goes nowhere. */
  intercepted: boolean;
}

const missed = { releasedBy: 0, rang: false, answered: false, intercepted: false };
const BY_CALLER: Outcome = { ...missed, cause: 16, releasedBy: 1, rang: true, answered: true };
const BY_CALLEE: Outcome = { ...BY_CALLER, releasedBy: 2 };
const UNANSWERED: Outcome = { ...missed, cause: 19, rang: true };
const BUSY: Outcome = { ...missed, cause: 17, releasedBy: 2 };
const REJECTED: Outcome = { ...missed, cause: 21, releasedBy: 2, rang: true };
const ABSENT: Outcome = { ...missed, cause: 20 };
const INTERCEPTED: Outcome = { ...missed, cause: 31, intercepted: true };

/** Of twenty calls thirteen are answered. */
const CARDS: Cards<Outcome> = [
  BY_CALLER,
  ...[BY_CALLEE, BY_CALLER, BUSY, UNANSWERED, BY_CALLER, BY_CALLEE, BY_CALLER, INTERCEPTED, BY_CALLEE],
  ...[BY_CALLER, UNANSWERED, BY_CALLER, BY_CALLEE, ABSENT, BY_CALLER, REJECTED, BY_CALLER, BUSY, BY_CALLEE],
];

const deck = new Deck(CARDS);

/** One call; its times are seconds after the caller dialled X. */
export interface PrivacyCall {
  id: string;
  outcome: Outcome;
  /** X sent the call on. */
  sentOn: number;
  /** The callee's exchange answered. */
  reached: number;
  ringing: number | undefined;
  answered: number | undefined;
  released: number;
  /** 0 A→B, 1 B→A, 4 intercepted */
  type: number;
  a: string;
  x: string;
  b: string;
  outId: string;
  pool: string;
  partner: string;
  binding: number;
  city: string;
}

const CITIES = ['杭州', '上海', '北京', '深圳'] as const;

export function privacyCall(n: number, series: Series): PrivacyCall {
  const outcome = deck.card(n);
  const sentOn = 1 + roll('sent on', n, 2);
  const reached = sentOn + 1 + roll('reached', n, 3);
  const ringing = outcome.rang ? reached + 1 : undefined;
  const answered =
    outcome.answered && ringing !== undefined ? ringing + lasting('pick up', n, 3, 20) : undefined;
  const released =
    answered === undefined
      ? reached + (outcome.cause === UNANSWERED.cause ? 45 : 3) + roll('patience', n, 10)
      : answered + lasting('privacy talk', n, 5, 300);
  return {
    id: `pnp${serialText(n, series)}`,
    outcome,
    sentOn,
    reached,
    ringing,
    answered,
    released,
    type: outcome.intercepted ? 4 : n % 2,
    a: mobile(n, '150'),
    x: mobile(n, '170'),
    b: mobile(n, '158'),
    outId: outId(n, series),
    pool: 'FC1000000001',
    partner: 'FC1000000000',
    binding: serial(n, series) + 123_456,
    city: CITIES[roll('city', n, CITIES.length)] ?? CITIES[0],
  };
}

/** Report number → call, for what only such calls give rise to. */
export const ringReports: (n: number) => Place = deck.reports(({ rang }) => Number(rang));
export const answerReports: (n: number) => Place = deck.reports(({ answered }) => Number(answered));

/** A recording's number in the vendor's archive. */
export function recordingOf(call: PrivacyCall, kind: 'call' | 'ring'): string {
  return `http://example.invalid/${kind}/${digits(call.binding, 15)}.wav`;
}
