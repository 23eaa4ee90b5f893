/**
 * What `receiptd emulator` puts into its queues: which ones there must be, receipts at a rate (`--generate`), and messages
 * from files (`--load`).
 */
import { randomInt } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import {
  type Emulator,
  type Generating,
  type LoadOptions,
  loadFile,
  MAX_RATE,
  type QueueOptions,
  queueNameOf,
  SAMPLE_TYPES,
  SAMPLE_VARIANTS,
  startGenerating,
  typeOfSample,
} from '../emulator/index.js';
import { expandFiles } from '../message-file/index.js';

export interface Rate {
  /** A message type or one of {@link SAMPLE_VARIANTS}. */
  type: string;
  /** Receipts a second. */
  rate: number;
}

type NamedQueue = Pick<QueueOptions, 'name' | 'messageType'>;

/** For commander: `SmsReport=5`, `VoiceReport=0.5`, `SmsReport@intl=1`. */
export function collectRate(value: string, previous: Rate[]): Rate[] {
  const [, type, digits] = /^(\w+(?:@\w+)?)=(\d+(?:\.\d+)?)$/.exec(value) ?? [];
  const rate = Number(digits);
  if (type === undefined || !(rate > 0 && rate <= MAX_RATE)) {
    throw new InvalidArgumentError(
      `Expected TYPE=RATE, receipts a second, above 0 and at most ${MAX_RATE}, e.g. SmsReport=5.`,
    );
  }
  if (type.includes('@') && !SAMPLE_VARIANTS.includes(type)) {
    throw new InvalidArgumentError(`No samples are called ${type}; there is ${SAMPLE_VARIANTS.join(', ')}.`);
  }
  return [...previous, { type, rate }];
}

/** The queues asked for, and one for each generated type that has none among them. */
export function queuesFor(queues: readonly QueueOptions[], rates: readonly Rate[]): QueueOptions[] {
  const all = [...queues];
  for (const { type } of rates) {
    if (queueOf(type, all) === undefined) {
      all.push({ name: queueNameOf(type), messageType: typeOfSample(type) });
    }
  }
  return all;
}

/** Starts them all; `say` gets a line about each, and one when a queue is full. Returns what stops them. */
export function generate(
  emulator: Emulator,
  rates: readonly Rate[],
  queues: readonly NamedQueue[],
  say: (line: string) => void,
): AsyncDisposable {
  // Another one at each start: what a restart finds in its data directory has other business ids.
  const run = randomInt(1, 1_000_000);
  const running: Generating[] = rates.map(({ type, rate }) => {
    const queue = queueOf(type, queues) ?? queueNameOf(type);
    const known = SAMPLE_TYPES.includes(typeOfSample(type));
    say(
      `generating ${rate} ${type} a second${known ? '' : ', a type unknown here: its receipts are made up'}`,
    );
    const onFull = (full: boolean): void =>
      say(full ? `${queue} is full: generating waits until it is drained` : `${queue} takes receipts again`);
    return startGenerating(emulator, { type, rate, queue, run, onFull });
  });
  return {
    async [Symbol.asyncDispose]() {
      for (const one of running) one.stop();
    },
  };
}

/** Returns how many messages were sent. */
export async function load(
  emulator: Emulator,
  files: readonly string[],
  options: LoadOptions,
): Promise<number> {
  if (files.length === 0) return 0;
  let sent = 0;
  for (const file of await expandFiles(files)) {
    sent += await loadFile(emulator, file, options);
  }
  return sent;
}

function queueOf(type: string, queues: readonly NamedQueue[]): string | undefined {
  return queues.find(({ messageType }) => messageType === typeOfSample(type))?.name;
}
