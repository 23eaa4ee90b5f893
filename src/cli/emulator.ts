/**
 * `receiptd emulator`: runs the emulator in the foreground until SIGINT or SIGTERM. What it prints is meant to be
 * pasted: the credentials into a shell, the rest into a configuration file.
 */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Emulator, loadFile, type QueueOptions, startEmulator } from '../emulator/index.js';
import { UsageError } from '../errors.js';

const DEFAULT_QUEUE = { name: 'Alicom-Queue-1234567890123456-SmsReport', messageType: 'SmsReport' };
const DEFAULT_PORT = 8099;

interface Flags {
  port: number;
  host: string;
  queue: QueueOptions[];
  load: string[];
  accessKeyId: string;
  accessKeySecret: string;
  visibilityTimeout: number;
  tokenLife: number;
}

export function emulatorCommand(): Command {
  return new Command('emulator')
    .description("run a stand-in for Alibaba Cloud's token call and MNS queues on this machine")
    .option('--port <n>', 'port to listen on; 0 takes any free one', numberFrom(0, 65_535), DEFAULT_PORT)
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--queue <name=type>', 'a queue and the message type it holds; may be repeated', collectQueue, [])
    .option(
      '--load <file>',
      'captured messages or receipts to start with (NDJSON, .gz); may be repeated',
      collect,
      [],
    )
    .option('--access-key-id <id>', 'the key id that clients must use', 'testId')
    .addOption(new Option('--access-key-secret <secret>', 'and its secret').default('testSecret'))
    .option('--visibility-timeout <s>', 'seconds a received message stays hidden', numberFrom(1, 43_200), 30)
    .option('--token-life <s>', 'seconds a token works', numberFrom(1, 86_400), 3600)
    .action(run);
}

async function run(flags: Flags): Promise<void> {
  const [first = DEFAULT_QUEUE, ...others] = flags.queue;
  const { host, port, accessKeyId, accessKeySecret, tokenLife, visibilityTimeout } = flags;
  await using emulator = await startEmulator({ host, port, accessKeyId, accessKeySecret, tokenLife });
  for (const queue of [first, ...others]) createQueue(emulator, { ...queue, visibilityTimeout });
  let loaded = 0;
  const loading = { receiptQueue: first.name, attributes: { visibilityTimeout } };
  for (const file of flags.load) loaded += await loadFile(emulator, file, loading);
  const stopped = stopSignal();
  process.stdout.write(`receiptd emulator listening on ${emulator.url}\n`);
  if (flags.queue.length === 0) process.stdout.write(`# no --queue given, made one: ${DEFAULT_QUEUE.name}\n`);
  if (flags.load.length > 0) process.stdout.write(`# loaded ${loaded} messages\n`);
  process.stdout.write(`${instructions(emulator)}\n`);
  await stopped;
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
    ...queues.map(({ name, messageType }) => `  - { messageType: ${messageType}, queueName: "${name}" }`),
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
    throw new UsageError('EMULATOR_QUEUE', `--queue: ${(cause as Error).message}`, { cause });
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

function numberFrom(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}
