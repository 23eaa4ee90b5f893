/**
 * Samples of types whose fields were never published (receipts.md §4.2, §5, §6.11). They carry ids that join with what is
 * known of the same call, and nothing that would suggest more knowledge.
 */
import { privacyCall, ringReports } from './privacy-calls.js';
import { outId, type Sample, serialText, Timeline } from './series.js';

/** A sample for a type that nobody here has heard of. */
export function plainSample(messageType: string): Sample {
  return (n, series) => ({
    id: series.run === 0 ? `${messageType}-${n}` : `${messageType}-${serialText(n, series)}`,
    time: new Timeline(n, series, 0).text(0),
    out_id: outId(n, series),
  });
}

export const artcTempStatusReport: Sample = (n, series) => ({
  channelId: `artc${serialText(n, series)}`,
  time: new Timeline(n, series, 0).text(0),
  extend: '123456',
});

export const llmSmartCallReport: Sample = (n, series) => ({
  callId: `7${serialText(n, series)}^7${serialText(n, series)}`,
  time: new Timeline(n, series, 0).text(0),
  outId: outId(n, series),
});

export const secretBillingCallReport: Sample = (n, series) => {
  const { id, outId: out_id } = privacyCall(n, series);
  return { call_id: id, time: new Timeline(n, series, 0).text(0), out_id };
};

/** Of the SMS that SecretSmsIntercept tells of. */
export const secretBillingSmsReport: Sample = (n, series) => ({
  call_id: `sms${serialText(n, series)}`,
  time: new Timeline(n, series, 0).text(0),
  out_id: outId(n, series),
});

export const secretRingRecording: Sample = (n, series) => {
  const number = ringReports(n).call;
  const { id, outId: out_id } = privacyCall(number, series);
  return { call_id: id, time: new Timeline(number, series, 0).text(0), out_id };
};
