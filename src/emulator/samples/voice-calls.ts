/**
 * The calls that all voice reports of one product talk about: who was called, what came of it, and when (receipts.md §3).
 * Call `n` is the same to every type of report.
 */
import { type Cards, Deck, type Place } from './deck.js';
import { lasting, mobile, outId, rarely, roll, type Series, serialText } from './series.js';

export interface Outcome {
  /** receipts.md §3.5 */
  status: string;
  /** receipts.md §3.6 */
  smart: string;
  text: string;
  rang: boolean;
  answered: boolean;
  /** Keys that the callee pressed. */
  keys: string;
}

const missed = { rang: false, answered: false, keys: '' };
const TALKED: Outcome = {
  status: '200000',
  smart: 'ANSWERED',
  text: '用户接听',
  rang: true,
  answered: true,
  keys: '',
};
const PRESSED: Outcome = { ...TALKED, keys: '1' };
const UNANSWERED: Outcome = {
  ...missed,
  status: '200003',
  smart: 'NO_ANSWER',
  text: '用户无应答',
  rang: true,
};
const BUSY: Outcome = { ...missed, status: '200002', smart: 'USER_BUSY', text: '用户占线' };
const OFF: Outcome = { ...missed, status: '200010', smart: 'POWERED_OFF', text: '用户关机' };
const REJECTED: Outcome = {
  ...missed,
  status: '200005',
  smart: 'CALL_REJECTED',
  text: '用户拒接',
  rang: true,
};
const NO_NUMBER: Outcome = { ...missed, status: '200004', smart: 'INVALID_NUMBER', text: '空号' };
const SUSPENDED: Outcome = { ...missed, status: '200011', smart: 'SUSPEND', text: '用户停机' };

/** Of twenty calls twelve are answered. */
const CARDS: Cards<Outcome> = [
  PRESSED,
  ...[TALKED, UNANSWERED, TALKED, BUSY, TALKED, PRESSED, OFF, TALKED, UNANSWERED],
  ...[TALKED, PRESSED, REJECTED, TALKED, BUSY, TALKED, NO_NUMBER, TALKED, SUSPENDED, TALKED],
];

const deck = new Deck(CARDS);

/** One call; its times are seconds after it was handed to the carrier. */
export interface Call {
  id: string;
  outcome: Outcome;
  /** Undefined when it never rang. */
  ringing: number | undefined;
  /** Undefined when nobody answered. */
  answered: number | undefined;
  ended: number;
  /** Seconds talked. */
  duration: number;
  caller: string;
  callee: string;
  outId: string;
  /** After the answer a person was called too, and spoken with from then on, seconds. */
  transferred: number | undefined;
}

/** @param lead first digit of the call ids, by which products have none in common */
export function voiceCall(n: number, series: Series, lead: string): Call {
  const outcome = deck.card(n);
  const ringing = outcome.rang ? 2 + roll('ring', n, 4) : undefined;
  const answered =
    outcome.answered && ringing !== undefined ? ringing + lasting('answer', n, 3, 20) : undefined;
  const duration = answered === undefined ? 0 : lasting('talk', n, 6, 240);
  const number = serialText(n, series);
  return {
    id: `${lead}${number}^${lead}${number}`,
    outcome,
    ringing,
    answered,
    duration,
    ended: (answered ?? waited(n, outcome, ringing)) + duration,
    caller: '057100000000',
    callee: mobile(n),
    outId: outId(n, series),
    transferred: answered !== undefined && rarely('transfer', n) ? answered + 2 : undefined,
  };
}

/** How long a call took that nobody answered. */
function waited(n: number, { status }: Outcome, ringing = 0): number {
  if (status === UNANSWERED.status) return ringing + 45 + roll('patience', n, 15);
  return ringing + 3 + roll('patience', n, 8);
}

/** What happens in a call, as VoiceCallReport tells it. */
export interface Step {
  status: string;
  /** Seconds after the beginning. */
  at: number;
}

export function steps({ outcome, ringing, answered, ended }: Call): Step[] {
  const all: Step[] = [{ status: '200101', at: 0 }];
  if (ringing !== undefined) all.push({ status: '200201', at: ringing });
  if (answered !== undefined) all.push({ status: '200102', at: answered });
  if (answered !== undefined && outcome.keys !== '') all.push({ status: '300000', at: answered + 4 });
  all.push({ status: '200100', at: ended });
  return all;
}

/** Report number → call and step. */
export const stepReports: (n: number) => Place = deck.reports(
  ({ rang, answered, keys }) => 2 + Number(rang) + Number(answered) + Number(keys !== ''),
);

/** Report number → answered call. */
export function answeredReports(perCall: number): (n: number) => Place {
  return deck.reports(({ answered }) => (answered ? perCall : 0));
}
