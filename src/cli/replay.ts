/** `receiptd replay`: captured messages and saved receipts through the daemon's pipeline and sinks, or a look at them. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Config, loadConfig, nearest } from '../config/index.js';
import { UsageError } from '../errors.js';
import { expandFiles } from '../message-file/index.js';
import { catalog, isKnownType } from '../receipts/index.js';
import {
  Completer,
  dryRun,
  type Filter,
  lookAt,
  Progress,
  parseTime,
  type ReportOptions,
  ratePace,
  replayLive,
  reportOf,
  Sieve,
  speedPace,
  summaryOf,
  Tally,
  unpaced,
} from '../replay/index.js';

interface Options {
  config?: string;
  type: string[];
  since?: string;
  until?: string;
  rate?: number;
  speed?: number;
  dryRun?: boolean;
  resume?: boolean;
  dead?: string;
  json?: boolean;
}

/** ms before the end that deliveries under way are told of it, so that they can give up in good order. */
const LAST_NOTICE_MS = 1_000;

const HELP = `
A FILE is a capture file, one JSON receipt or one base64 body a line, a JSON array, or an XML answer of MNS saved by curl;
any of them may be gzipped. FILE may be a pattern such as 'capture/*.gz', and - is standard input. Order is as given.
No credentials are needed, and no queues: a configuration file only says where events go.

Receipts that do not say their type take the one of --type, or the only one among the configured queues, unless they are
plainly of another; else the one they look like. Times are Beijing time unless they have a zone; a message's time is when
MNS got it, or else its receipt's own. What has no time passes --since and --until. A configured dedupe holds among the
messages of one replay; what a daemon or another replay has delivered is delivered again.

Exit code: 0 when all was delivered (with --dry-run: when all can be decoded; receipts that only differ from their schema
are no failure), 1 when something failed or the replay was stopped, 2 for wrong usage.`;

export function replayCommand(): Command {
  return new Command('replay')
    .description('run messages from files through the pipeline to the sinks')
    .argument('<files...>', 'files, patterns, or - for standard input')
    .option('-c, --config <file>', 'configuration file, as for run; may be none')
    .addOption(
      new Option('--type <type>', 'only this message type; may be given again for more')
        .argParser(collectType)
        .default([], 'all'),
    )
    .option('--since <time>', 'only messages of this time or later')
    .option('--until <time>', 'only messages before this time')
    .addOption(
      new Option('--rate <n>', 'at most so many messages a second').argParser(positive).conflicts('speed'),
    )
    .addOption(new Option('--speed <x>', 'as they came in, x times as fast').argParser(positive))
    .addOption(
      new Option('--dry-run', 'decode and check only, deliver nothing').conflicts([
        'resume',
        'dead',
        'rate',
        'speed',
      ]),
    )
    .option('--resume', 'go on with the same replay after it was stopped or killed')
    .option('--dead <file>', 'write messages that fail to this file, which can be replayed')
    .option('--json', 'the summary as JSON')
    .addHelpText('after', HELP)
    .action(async (names: string[], options: Options) => {
      const { config } = loadConfig({
        file: options.config,
        env: process.env,
        cwd: process.cwd(),
        offline: true,
      });
      process.exit(await replay(await expandFiles(names), options, config));
    });
}

/** @returns the exit code */
async function replay(names: readonly string[], options: Options, config: Config): Promise<number> {
  const filter = filterOf(options);
  for (const type of filter.types) hintAt(type);
  const inputs = await lookAt(names);
  const sieve = new Sieve(new Completer(sourceOf(options, config)), filter);
  const { stop, hardStop, quiet } = signals(config.shutdown.timeout);
  let report: (() => ReportOptions) | undefined;
  const begin = (tally: Tally) => {
    const before = tally.done;
    const startedAt = performance.now();
    report = () => ({
      tally,
      dryRun: options.dryRun === true,
      elapsed: performance.now() - startedAt,
      messages: tally.done - before,
    });
    return progressOf(tally, config, options, inputs.totalBytes);
  };
  let finished = false;
  try {
    finished = options.dryRun === true ? await look() : await live();
  } finally {
    quiet();
    // Also of one that cannot go on: how far it has got.
    if (report !== undefined) tell(report(), finished, options);
    if (report !== undefined && !finished) say(stopped(options, inputs.files !== undefined));
  }
  return finished && report?.().tally.failures === 0 ? 0 : 1;

  async function look(): Promise<boolean> {
    const tally = new Tally();
    const progress = begin(tally);
    const onBytes = (bytes: number) => progress.bytes(bytes);
    return dryRun({ files: names, sieve, tally, onBytes, stop }).finally(() => progress.stop());
  }

  function live(): Promise<boolean> {
    const { dead, resume = false } = options;
    const common = { config, inputs, filter, sieve, stop, hardStop };
    return replayLive({ ...common, pace: paceOf(options), resume, dead, note: say, onBegin: begin });
  }
}

function filterOf({ type, since, until }: Options): Filter {
  const from = since === undefined ? undefined : parseTime('--since', since);
  const to = until === undefined ? undefined : parseTime('--until', until);
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError('REPLAY_TIME', '--until: must be later than --since');
  }
  return {
    types: [...new Set(type)].toSorted(),
    ...(from !== undefined && { since: from }),
    ...(to !== undefined && { until: to }),
  };
}

function sourceOf({ type }: Options, { queues, endpoints }: Config) {
  return {
    queues,
    mnsHost: new URL(endpoints.mns).host,
    messageType: new Set(type).size === 1 ? type[0] : undefined,
  };
}

function paceOf({ rate, speed }: Options) {
  if (rate !== undefined) return ratePace(rate);
  return speed === undefined ? unpaced : speedPace(speed);
}

/** The first signal stops the replay in good order, for at most `timeout` ms; a second one ends it at once. */
function signals(timeout: number): { stop: AbortSignal; hardStop: AbortSignal; quiet(): void } {
  const stop = new AbortController();
  const hardStop = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const onSignal = (name: NodeJS.Signals) => {
    if (stop.signal.aborted) process.exit(1);
    say(`${name}: what is being delivered ends, for at most ${timeout} ms; a second signal exits at once`);
    stop.abort();
    timers.push(setTimeout(() => hardStop.abort(), timeout - Math.min(LAST_NOTICE_MS, timeout / 5)));
    timers.push(
      setTimeout(() => {
        say(`error: deliveries did not end within ${timeout} ms: after --resume they are repeated`);
        process.exit(1);
      }, timeout),
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return { stop: stop.signal, hardStop: hardStop.signal, quiet: () => timers.forEach(clearTimeout) };
}

function progressOf(
  tally: Tally,
  { sinks }: Config,
  { dryRun }: Options,
  totalBytes: number | undefined,
): Progress {
  // Events on the same terminal would tear a bar apart.
  const eventsOnTerminal =
    process.stdout.isTTY && sinks.some((sink) => sink.type === 'ndjson' && sink.path === '-');
  return new Progress({
    stream: process.stderr,
    bar: process.stderr.isTTY === true && (dryRun === true || !eventsOnTerminal),
    totalBytes,
    done: () => tally.done,
    failures: () => tally.failures,
  });
}

/** A dry run's table is its result; of a replay, standard output may be a sink. */
function tell(report: ReportOptions, finished: boolean, { json, dryRun, dead }: Options): void {
  const text = json === true ? `${JSON.stringify(summaryOf(report, finished))}\n` : reportOf(report);
  (dryRun === true ? process.stdout : process.stderr).write(text);
  if (dryRun === true || report.tally.failures === 0) return;
  const kept = report.tally.total('undecodable', 'failed');
  if (dead !== undefined)
    say(`${kept} messages that failed are in ${dead}: mend the cause and replay that file`);
  else if (kept > 0) say('name a file with --dead to keep the messages that fail');
}

function stopped({ dryRun }: Options, resumable: boolean): string {
  if (dryRun === true) return 'stopped';
  return resumable
    ? 'stopped: the same command with --resume goes on'
    : 'stopped: what came in cannot be read again';
}

/** A type that is new may be meant; one that is mistyped is more likely. */
function hintAt(type: string): void {
  if (isKnownType(type)) return;
  const meant = nearest(type, Object.keys(catalog));
  say(`note: no message type ${type} is known here${meant === undefined ? '' : `, did you mean ${meant}?`}`);
}

function collectType(type: string, before: string[]): string[] {
  if (/^[A-Za-z][A-Za-z0-9]*$/.test(type)) return [...before, type];
  throw new InvalidArgumentError('must be a message type such as SmsReport.');
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('must be a number greater than 0.');
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
