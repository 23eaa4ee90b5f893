/**
 * Samples of the voice reports (receipts.md §3), and of those that the contact centre (AICCS) sends in the same fields
 * (receipts.md §5).
 */
import { cycle, type Sample, Timeline } from './series.js';
import { answeredReports, type Call, stepReports, steps, voiceCall } from './voice-calls.js';

export interface VoiceSamples {
  /** The record of a call. */
  report: Sample;
  /** A step of a call: calling, ringing, answered, key pressed, ended. */
  callReport: Sample;
  /** A recording; only answered calls have one. */
  recordReport: Sample;
}

/** @param lead see {@link voiceCall} */
export function voiceSamples(lead: string): VoiceSamples {
  return {
    report: (n, series) => {
      const call = voiceCall(n, series, lead);
      const time = new Timeline(n, series, call.ended);
      const { outcome, ringing, answered } = call;
      return {
        call_id: call.id,
        originate_time: time.text(0),
        ring_time: ringing === undefined ? '' : time.text(ringing),
        start_time: answered === undefined ? '' : time.text(answered),
        end_time: time.text(call.ended),
        caller: call.caller,
        callee: call.callee,
        duration: String(call.duration),
        status_code: outcome.status,
        smart_status_code: outcome.smart,
        hangup_direction: outcome.answered && n % 3 === 0 ? '用户' : '机器',
        status_msg: outcome.text,
        out_id: call.outId,
        dtmf: outcome.keys,
        voice_type: call.transferred === undefined ? 'voice' : 'smart_transfer',
        toll_type: 'UNKNOWN',
        ...secondLeg(call, time),
      };
    },

    callReport: (n, series) => {
      const { call: number, report } = stepReports(n);
      const call = voiceCall(number, series, lead);
      const all = steps(call);
      const { status, at } = all[report] ?? { status: '200100', at: call.ended };
      return {
        call_id: call.id,
        status_code: status,
        status_time: new Timeline(number, series, at).text(at),
        out_id: call.outId,
        ...(status === '300000' ? { dtmf: call.outcome.keys } : {}),
      };
    },

    recordReport: (n, series) => {
      const { call: number } = recorded(n);
      const call = voiceCall(number, series, lead);
      const { answered = 0, ended } = call;
      const time = new Timeline(number, series, ended);
      return {
        call_id: call.id,
        start_time: time.text(answered),
        end_time: time.text(ended),
        duration: call.duration,
        status_code: call.outcome.status,
        record_file: `http://example.invalid/rec/${encodeURIComponent(call.id)}.wav`,
        record_begin_time: time.text(answered),
        out_id: call.outId,
      };
    },
  };
}

const recorded = answeredReports(1);

/** One sample of the vendor prints the duration of the second leg as a number. */
function secondLeg({ transferred, ended }: Call, time: Timeline): object {
  if (transferred === undefined) return {};
  return {
    b_originate_time: time.text(transferred - 2),
    b_ring_time: time.text(transferred - 1),
    b_start_time: time.text(transferred),
    b_end_time: time.text(ended),
    b_duration: ended - transferred,
  };
}

const UTTERANCES: readonly [string, ...string[]] = [
  '您好，请问有什么可以帮您？',
  '我想查一下我的订单。',
  '请说出订单号的后四位。',
  '好的，谢谢，再见。',
];
const spoken = answeredReports(UTTERANCES.length);

/** What was said in the calls of VoiceReport, four utterances each. */
export function rtAsrReport(lead: string): Sample {
  return (n, series) => {
    const { call: number, report } = spoken(n);
    const { id, answered = 0, duration, outId } = voiceCall(number, series, lead);
    const share = Math.floor((duration * 1000) / UTTERANCES.length);
    const begin = report * share;
    const end = begin + Math.floor(share * 0.8);
    return {
      call_id: id,
      role: report % 2 === 0 ? 'A' : 'B',
      identity: `id${1 + (report % 2)}`,
      words: cycle(UTTERANCES, report),
      begin_offset: begin,
      end_offset: end,
      begin_time: new Timeline(number, series, answered + end / 1000).text(answered),
      out_id: outId,
    };
  };
}
