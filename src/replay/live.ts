/** Opens what a replay stands on, runs it, and leaves behind what is needed to resume it, if it was stopped. */
import type { Config } from '../config/index.js';
import { createLogger } from '../log.js';
import { GuardedSink, openSinks, type Sink } from '../sinks/index.js';
import { DeadFile } from './dead-file.js';
import type { Filter } from './filter.js';
import type { Inputs } from './inputs.js';
import { type Pace, realClock } from './pace.js';
import type { Progress } from './progress.js';
import { Replay } from './replay.js';
import type { Sieve } from './sieve.js';
import { ReplayState } from './state.js';
import { Tally } from './tally.js';

export interface LiveOptions {
  config: Pick<Config, 'pipeline' | 'dedupe' | 'sinks' | 'log'>;
  inputs: Inputs;
  filter: Filter;
  sieve: Sieve;
  pace: Pace;
  resume: boolean;
  /** Where what fails is written; undefined for nowhere. */
  dead: string | undefined;
  /** Aborts when the replay is to stop in good order. */
  stop: AbortSignal;
  /** Aborts when deliveries under way are to give up. */
  hardStop: AbortSignal;
  /** One line for the user, before there is any progress. */
  note(text: string): void;
  /** Called once the replay begins. */
  onBegin(tally: Tally): Progress;
}

/**
 * @returns whether it came to its end
 * @throws {UsageError} when a sink, the dead file or what is to be resumed cannot be used
 * @throws {ReceiptdError} when the store cannot be opened, or the replay cannot go on
 */
export async function replayLive(options: LiveOptions): Promise<boolean> {
  const { config, inputs, filter, resume, note, stop } = options;
  const openDead = (state?: ReplayState) =>
    options.dead === undefined
      ? undefined
      : DeadFile.open(options.dead, inputs.names, state?.checkpoint?.dead);
  const log = createLogger(config.log);
  const sinks = (await openSinks(config.sinks, log)).map((sink) => new GuardedSink(sink, log));
  let dead: DeadFile | undefined;
  try {
    // What can be refused is refused before a stopped replay is discarded.
    if (!resume) dead = openDead();
    const state = await ReplayState.open({
      pipeline: config.pipeline,
      dedupe: config.dedupe,
      files: inputs.files,
      filter,
      resume,
      note,
    });
    let finished = false;
    try {
      if (resume) dead = openDead(state);
      finished = stop.aborted ? false : await run(options, state, sinks, dead);
      return finished;
    } finally {
      await state.close(finished);
    }
  } finally {
    dead?.close();
    await Promise.all(sinks.map((sink) => sink.close()));
  }
}

async function run(
  { config, inputs, sieve, pace, stop, hardStop, onBegin }: LiveOptions,
  state: ReplayState,
  sinks: readonly Sink[],
  dead: DeadFile | undefined,
): Promise<boolean> {
  const { concurrency, attempts, maxInFlight } = config.pipeline;
  const tally = new Tally(state.checkpoint?.tally);
  const progress = onBegin(tally);
  try {
    return await new Replay({
      files: inputs.names,
      sieve,
      state,
      sinks,
      tally,
      dead,
      pace,
      clock: realClock,
      concurrency,
      attempts,
      maxInFlight,
      onBytes: (bytes) => progress.bytes(bytes),
      note: (text) => progress.note(text),
      stop,
      hardStop,
    }).run();
  } finally {
    progress.stop();
  }
}
