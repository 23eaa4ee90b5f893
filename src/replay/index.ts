/** Replay: captured messages and saved receipts through the pipeline, or only looked at. */
import type { LiveOptions } from './live.js';

export { Completer } from './complete.js';
export { type DryRunOptions, dryRun } from './dry-run.js';
export { type Filter, parseTime } from './filter.js';
export { type Inputs, lookAt } from './inputs.js';
export type { LiveOptions } from './live.js';
export { type Pace, ratePace, speedPace, unpaced } from './pace.js';
export { Progress } from './progress.js';
export { type ReportOptions, reportOf, type Summary, summaryOf } from './report.js';
export { Sieve } from './sieve.js';
export { Tally } from './tally.js';

/** A dry run does not wait for BullMQ and PGlite to be loaded. */
export async function replayLive(options: LiveOptions): Promise<boolean> {
  return (await import('./live.js')).replayLive(options);
}
