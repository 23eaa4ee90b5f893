/** `receiptd capture`: a look at what waits in the queues, kept in a file; nothing is deleted. */
import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError, Option } from 'commander';
import { BodyMask, CaptureOutput, Pull, type PullOutcome, RemoteQueue } from '../capture/index.js';
import { type Config, loadConfig } from '../config/index.js';
import { describeError, UsageError } from '../errors.js';
import { captureLine } from '../message-file/index.js';
import { createCredentials } from '../token/index.js';
import { duration } from './duration.js';

/** MNS throttles a consumer that holds 5,000 messages of a queue. */
const MOST_MESSAGES = 4_999;
/** ms that receives under way may take longer than the capture. */
const GRACE_MS = 3_000;
/** ms that giving back may take. */
const RELEASE_MS = 10_000;

interface Flags {
  config?: string;
  output?: string;
  queue?: string[];
  max: number;
  for: number;
  maskPhones?: boolean;
  keepHidden?: boolean;
}

export function captureCommand(): Command {
  return new Command('capture')
    .description('pull messages from the queues into a file, without deleting them')
    .option('-c, --config <file>', 'configuration file, as for run')
    .option(
      '-o, --output <file>',
      'a new file, compressed when its name ends in .gz, or - for standard output (default: receiptd-capture-TIME.ndjson)',
    )
    .option('--queue <name>', 'only this queue of the configuration; may be repeated', collect)
    .option('--max <n>', `at most this many messages over all queues, 1 to ${MOST_MESSAGES}`, count, 1000)
    .addOption(
      new Option('--for <duration>', 'at most this long: 500ms, 90s, 5m, 1h')
        .argParser(duration)
        .default(60_000, '60s'),
    )
    .option(
      '--mask-phones',
      'replace phone numbers by others of the same length (also by capture.maskPhones)',
    )
    .option(
      '--keep-hidden',
      'leave messages hidden until their visibility timeout, instead of giving them back',
    )
    .addHelpText(
      'after',
      [
        '',
        'It ends when every queue is empty, at --max or --for, or on SIGINT or SIGTERM, with what it has by then.',
        'Messages are hidden from other consumers meanwhile, and their DequeueCount rises by one. A daemon that runs',
        'on the same queues takes messages as well: stop it first to see everything.',
      ].join('\n'),
    )
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const { config } = loadConfig({ file: flags.config, env: process.env, cwd: process.cwd() });
  const chosen = chooseQueues(config, flags.queue ?? []);
  const credentials = createCredentials(config.credentials);
  await credentials();
  const name = flags.output ?? `receiptd-capture-${new Date().toISOString().replace(/[-:]/g, '')}.ndjson`;
  const output = await CaptureOutput.open(name);
  const mask =
    flags.maskPhones || config.capture.maskPhones ? new BodyMask(randomBytes(32).toString('hex')) : undefined;
  const mnsHost = new URL(config.endpoints.mns).host;

  const { ends, cut, end } = endings(flags.for);
  const queues = chosen.map((queue) => new RemoteQueue(config, queue, credentials));
  const pull = new Pull({
    queues,
    max: flags.max,
    ends,
    cut,
    onMessages: async (messages, { queueName, messageType }) => {
      const lines = messages.map(({ messageId, body, enqueueTime, dequeueCount, receivedAt }) => {
        const kept = mask?.mask(body) ?? body;
        return captureLine({
          messageId,
          queueName,
          messageType,
          body: kept,
          enqueueTime,
          dequeueCount,
          receivedAt,
          mnsHost,
        });
      });
      const taken = await output.write(lines);
      if (taken < lines.length) end();
      return taken;
    },
  });
  try {
    const [ran] = await Promise.allSettled([pull.run()]);
    const [closed] = await Promise.allSettled([output.close()]);
    const failure = [ran, closed].find((result) => result.status === 'rejected');
    // What there is, is told whatever went wrong.
    const { total, failed } = report(pull.outcomes);
    if (failed) process.exitCode = 1;
    if ((failed || failure) && total === 0) await output.remove();
    else say(`${total} message(s) in ${name === '-' ? 'standard output' : name}, none deleted`);
    if (failure) throw failure.reason;
  } finally {
    end();
    if (!flags.keepHidden) await giveBack(pull);
    await Promise.all(queues.map((queue) => queue.close()));
  }
}

function chooseQueues({ queues }: Config, names: readonly string[]): Config['queues'] {
  const unknown = names.find((name) => !queues.some(({ queueName }) => queueName === name));
  if (unknown !== undefined) {
    const known = queues.map(({ queueName }) => queueName).join(', ');
    throw new UsageError('CAPTURE_QUEUE', `--queue: ${unknown} is not configured, configured are ${known}`);
  }
  return names.length === 0 ? queues : queues.filter(({ queueName }) => names.includes(queueName));
}

/** The first signal, or the time, ends it in good order; a second signal exits at once. */
function endings(ms: number) {
  const ends = new AbortController();
  const cut = new AbortController();
  const end = () => {
    if (ends.signal.aborted) return;
    clearTimeout(timer);
    ends.abort();
    setTimeout(() => cut.abort(), GRACE_MS).unref();
  };
  const timer = setTimeout(end, ms);
  let signalled = false;
  const onSignal = () => {
    if (signalled) process.exit(1);
    signalled = true;
    end();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return { ends: ends.signal, cut: cut.signal, end };
}

function report(outcomes: readonly PullOutcome[]): { total: number; failed: boolean } {
  let total = 0;
  let failed = false;
  for (const { queueName, messageType, messages, problem } of outcomes) {
    say(`${queueName} (${messageType}): ${messages} message(s)`);
    if (problem !== undefined) say(`error: ${describeError(problem)}`);
    failed ||= problem !== undefined;
    total += messages;
  }
  return { total, failed };
}

async function giveBack(pull: Pull<RemoteQueue>): Promise<void> {
  const { released, hidden } = await pull.release(AbortSignal.timeout(RELEASE_MS));
  if (released > 0) say(`${released} given back to their queues`);
  if (hidden > 0) say(`${hidden} could not be given back, they stay hidden until their visibility timeout`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function count(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= MOST_MESSAGES) return value;
  throw new InvalidArgumentError(`Expected a whole number from 1 to ${MOST_MESSAGES}.`);
}
