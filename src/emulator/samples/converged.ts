/** Samples of converged communications (receipts.md §4). */
import { digits, lasting, rarely, roll, type Sample, serialText, Timeline } from './series.js';

/** Of 2020, with its legs; now and then as it was in 2019. */
export const artcCdrReport: Sample = (n, series) => {
  const answered = roll('artc answer', n, 5) > 0;
  const duration = answered ? lasting('artc talk', n, 5, 600) : 0;
  const ended = 5 + duration;
  const time = new Timeline(n, series, ended);
  const leg = {
    caller: `2${digits(2 * n, 16)}`,
    callee: `2${digits(2 * n + 1, 16)}`,
    startTime: time.text(ended - duration),
    endTime: answered ? time.text(ended) : '',
    duration: String(duration),
  };
  const both = { ...leg, alicomRtcType: n % 3 === 2 ? 'video2video' : 'voip2voip', extend: '123456' };
  const id = serialText(n, series);
  if (rarely('artc 2019', n)) return { uuid: `artc${id}`, roomId: `room${id}`, ...both };
  return { channelId: `artc${id}`, ...both, detail: { callInInfo: leg, callOutInfo: [leg] } };
};
