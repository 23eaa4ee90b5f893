/**
 * `receiptd emulator`: runs the emulator in the foreground until SIGINT or SIGTERM. What it prints is meant to be
 * pasted: the credentials into a shell, the rest into a configuration file.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Emulator, type EmulatorOptions, type QueueOptions, startEmulator } from '../emulator/index.js';
import { UsageError } from '../errors.js';
import { guessMessageType } from '../receipts/index.js';
import { collectFault, FAULT_HELP, type FaultFlags, faultOptions } from './emulator-faults.js';
import { collectRate, generate, load, queuesFor, type Rate } from './emulator-traffic.js';

const DEFAULT_QUEUE = { name: 'Alicom-Queue-1234567890123456-SmsReport', messageType: 'SmsReport' };
const DEFAULT_PORT = 8099;

interface Flags extends FaultFlags {
  port: number;
  host: string;
  queue: QueueOptions[];
  load: string[];
  generate: Rate[];
  accessKeyId: string;
  accessKeySecret: string;
  visibilityTimeout: number;
  tokenLife: number;
  data?: string;
  clockOffset: number;
  maxWaiting?: number;
  maxTps?: number;
  maxInFlight?: number;
}

export function emulatorCommand(): Command {
  return new Command('emulator')
    .description("run a stand-in for Alibaba Cloud's token call and MNS queues on this machine")
    .option('--port <n>', 'port to listen on; 0 takes any free one', numberFrom(0, 65_535), DEFAULT_PORT)
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .addOption(repeatable('--queue <name=type>', 'a queue and the message type it holds', collectQueue))
    .addOption(
      repeatable('--load <file>', 'messages to start with: any form that replay reads, - is stdin', collect),
    )
    .addOption(
      repeatable(
        '--generate <type=rate>',
        'sample receipts a second, e.g. SmsReport=5 or VoiceReport=0.5',
        collectRate,
      ),
    )
    .option('--access-key-id <id>', 'the key id that clients must use', 'testId')
    .addOption(new Option('--access-key-secret <secret>', 'and its secret').default('testSecret'))
    .option('--visibility-timeout <s>', 'seconds a received message stays hidden', numberFrom(1, 43_200), 30)
    .option('--token-life <s>', 'seconds a token works', numberFrom(1, 86_400), 3600)
    .option('--data <dir>', 'keep queues and messages there, also over a restart; tokens are not kept')
    .option('--clock-offset <s>', 'seconds the emulator is ahead of this machine, or behind: -30', seconds, 0)
    .addOption(repeatable('--fault <rule>', 'make calls fail, see below', collectFault))
    .option('--faults <file>', 'such rules from a file')
    .option(
      '--seed <n>',
      'where the randomness of faults comes from (default: 1)',
      numberFrom(0, 2 ** 31 - 1),
    )
    .option(
      '--max-waiting <n>',
      'receives that may wait; more are answered at once',
      numberFrom(0, 1_000_000),
    )
    .option('--max-tps <n>', 'messages a second, over it 429; the cloud: 20000', numberFrom(1, 1_000_000))
    .option(
      '--max-in-flight <n>',
      'messages of a queue received and not deleted, over it 429 (default: 5000)',
      numberFrom(1, 1_000_000_000),
    )
    .addHelpText('after', FAULT_HELP)
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const asked = queuesFor(flags.queue, flags.generate);
  const { visibilityTimeout } = flags;
  await using emulator = await startEmulator(optionsOf(flags));
  const found = flags.data === undefined ? '' : held(flags.data, emulator);
  for (const queue of asked) createQueue(emulator, { ...queue, visibilityTimeout });
  const { name: receiptQueue } = asked[0] ?? emulator.queues[0] ?? DEFAULT_QUEUE;
  const attributes = { visibilityTimeout };
  // Who names one queue means it.
  const typeOf = flags.queue.length === 1 ? {} : { typeOf: guessMessageType };
  const loaded = await load(emulator, flags.load, { receiptQueue, attributes, ...typeOf });
  const none = emulator.queues.length === 0;
  if (none) createQueue(emulator, { ...DEFAULT_QUEUE, visibilityTimeout });
  const stopped = stopSignal();
  process.stdout.write(`receiptd emulator listening on ${emulator.url}\n`);
  if (none) process.stdout.write(`# no --queue given, made one: ${DEFAULT_QUEUE.name}\n`);
  if (found !== '') say(found);
  if (flags.load.length > 0) process.stdout.write(`# loaded ${loaded} messages\n`);
  process.stdout.write(`${instructions(emulator)}\n`);
  await using _traffic = generate(emulator, flags.generate, asked, say);
  await stopped;
}

function optionsOf(flags: Flags): EmulatorOptions {
  const { host, port, accessKeyId, accessKeySecret, tokenLife, data, clockOffset } = flags;
  const { maxWaiting, maxTps, maxInFlight } = flags;
  return {
    host,
    port,
    accessKeyId,
    accessKeySecret,
    tokenLife,
    clockOffset: clockOffset * 1000,
    ...faultOptions(flags),
    ...(data !== undefined && { dataDir: data }),
    ...(maxWaiting !== undefined && { maxWaiting }),
    ...(maxTps !== undefined && { maxTps }),
    ...(maxInFlight !== undefined && { maxInFlight }),
  };
}

/** Queues that were there already keep their attributes, whatever the flags say. */
function held(directory: string, { queues }: Emulator): string {
  const messages = queues.reduce((sum, queue) => sum + queue.visible + queue.invisible + queue.delayed, 0);
  return `${directory}: queues kept: ${queues.length}, messages kept: ${messages}`;
}

/** A comment, wherever it is pasted. */
function say(line: string): void {
  process.stdout.write(`# ${line}\n`);
}

/** Both lines of credentials, and the least configuration that drains every queue of this emulator. */
function instructions(emulator: Emulator): string {
  const { url, accessKeyId, accessKeySecret, queues } = emulator;
  return [
    `export ALIBABA_CLOUD_ACCESS_KEY_ID=${shellWord(accessKeyId)}`,
    `export ALIBABA_CLOUD_ACCESS_KEY_SECRET=${shellWord(accessKeySecret)}`,
    '',
    'region: cn-hangzhou',
    `endpoints: { dybaseapi: "${url}", mns: "${url}" }`,
    'queues:',
    ...queues.map(({ name, messageType }) => `  - { messageType: "${messageType}", queueName: "${name}" }`),
    'sinks:',
    '  - { type: ndjson, path: "-" }',
  ].join('\n');
}

function shellWord(text: string): string {
  return /^[\w.+/=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function createQueue(emulator: Emulator, queue: QueueOptions): void {
  try {
    emulator.createQueue(queue);
  } catch (cause) {
    throw new UsageError('EMULATOR_QUEUE', (cause as Error).message, { cause });
  }
}

/** From the call on, a signal no longer ends the process by itself. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve();
    };
    process.once('SIGINT', stop).once('SIGTERM', stop);
  });
}

function repeatable<T>(flags: string, description: string, parse: (value: string, previous: T[]) => T[]) {
  return new Option(flags, `${description}; may be repeated`).argParser(parse).default([], 'none');
}

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

function collectQueue(value: string, previous: QueueOptions[]): QueueOptions[] {
  const [, name, messageType] = /^([^=]+)=(\w+)$/.exec(value) ?? [];
  if (name === undefined || messageType === undefined) {
    throw new InvalidArgumentError(
      'Expected NAME=TYPE, e.g. Alicom-Queue-1234567890123456-SmsReport=SmsReport.',
    );
  }
  return [...previous, { name, messageType }];
}

function seconds(value: string): number {
  const number = /^[+-]?\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isFinite(number)) return number;
  throw new InvalidArgumentError('Expected seconds, e.g. 90 or -3600.');
}

function numberFrom(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}
