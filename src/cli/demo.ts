/**
 * `receiptd demo`: the whole way on this machine, without an account or a server. An emulator with sample receipts, the
 * daemon on its embedded store, a file at the end, all over real HTTP; ends by itself when the queues are empty.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { pause } from '../backoff.js';
import type { ConfigInput } from '../config/index.js';
import { createReceiptd, type Receiptd } from '../daemon.js';
import { type Emulator, sampleReceipt, startEmulator } from '../emulator/index.js';
import { ReceiptdError } from '../errors.js';
import { type Counter, zeroCounters } from '../stats.js';

const TYPES = ['SmsReport', 'SmsUp', 'VoiceReport', 'SecretReport'];
const RECEIPTS = 200;
const UNDECODABLE = ['not base64 {', Buffer.from('{"phone_number":"1381111****","succ').toString('base64')];
/** A machine on which this takes longer has another problem. */
const PATIENCE_MS = 120_000;

export function demoCommand(): Command {
  return new Command('demo')
    .description('run an emulator and the daemon on sample receipts, then say what happened')
    .action(async () => {
      const directory = await mkdtemp(join(tmpdir(), 'receiptd-demo-'));
      const output = join(directory, 'receipts.ndjson');
      await using emulator = await startEmulator();
      fill(emulator);
      say(`Emulator with ${RECEIPTS} receipts in ${TYPES.length} queues at ${emulator.url}`);
      const daemon = createReceiptd({ config: configFor(emulator, directory, output) });
      say(`Daemon with its embedded store in ${directory}`);
      await daemon.start();
      try {
        await drained(daemon);
      } finally {
        await daemon.stop();
      }
      summarize(totals(daemon), output);
    });
}

function fill(emulator: Emulator): void {
  for (const type of TYPES) emulator.createQueue({ name: queueOf(type), messageType: type });
  for (let n = 0; n < RECEIPTS - UNDECODABLE.length; n += 1) {
    const type = TYPES[n % TYPES.length] ?? '';
    emulator.send(queueOf(type), sampleReceipt(type, n));
  }
  for (const body of UNDECODABLE) emulator.sendBody(queueOf('SmsReport'), body);
}

function queueOf(type: string): string {
  return `Alicom-Queue-1234567890123456-${type}`;
}

function configFor(emulator: Emulator, directory: string, output: string): ConfigInput {
  const { url, accessKeyId, accessKeySecret } = emulator;
  return {
    endpoints: { dybaseapi: url, mns: url },
    credentials: { accessKeyId, accessKeySecret },
    queues: TYPES.map((messageType) => ({ messageType, queueName: queueOf(messageType) })),
    pipeline: { dataDir: join(directory, 'data') },
    sinks: [{ type: 'ndjson', path: output }],
    shutdown: { pollGrace: 0 },
    ops: { port: 0 },
    log: { level: 'error' },
  };
}

/** Shows the progress; resolves when MNS has nothing left. */
async function drained(daemon: Receiptd): Promise<void> {
  const onTerminal = process.stdout.isTTY === true;
  const bar = new SingleBar({ format: '{bar} {value}/{total} acknowledged', hideCursor: true });
  if (onTerminal) bar.start(RECEIPTS, 0);
  const givenUpAt = performance.now() + PATIENCE_MS;
  let shown = 0;
  try {
    for (;;) {
      const { acknowledged } = totals(daemon);
      if (onTerminal) bar.update(acknowledged);
      else if (acknowledged - shown >= RECEIPTS / 4) {
        shown = acknowledged;
        say(`${acknowledged}/${RECEIPTS} acknowledged`);
      }
      if (acknowledged >= RECEIPTS) return;
      if (performance.now() > givenUpAt) {
        const why = daemon.status().reasons.join('; ') || 'no reason is known';
        throw new ReceiptdError(
          'DEMO_STUCK',
          `${acknowledged} of ${RECEIPTS} receipts were acknowledged: ${why}`,
        );
      }
      await pause(100);
    }
  } finally {
    bar.stop();
  }
}

function totals(daemon: Receiptd): Record<Counter, number> {
  const sum = zeroCounters();
  for (const { counters } of daemon.status().queues) {
    for (const name of Object.keys(sum) as Counter[]) sum[name] += counters[name];
  }
  return sum;
}

function summarize(
  { received, delivered, dead, acknowledged }: Record<Counter, number>,
  output: string,
): void {
  say(
    [
      '',
      `received       ${received}`,
      `delivered      ${delivered}`,
      `dead letters   ${dead}   (${UNDECODABLE.length} bodies were broken on purpose; none is lost)`,
      `acknowledged   ${acknowledged}`,
      `output         ${output}`,
      '',
      'Next: put your queue into a file and run it:',
      '  queues:',
      '    - { messageType: SmsReport, queueName: <the name the console shows> }',
      '  receiptd run -c receiptd.yaml',
    ].join('\n'),
  );
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
