/** `--generate` and `--load` of the command, as a process of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { emulatorCommand } from '../../src/cli/emulator.js';
import { Child } from '../support/child.js';
import { until } from '../support/until.js';

let directory: string;
let child: Child | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-generate-'));
});
afterEach(async () => {
  if (child !== undefined && child.exited === undefined) await child.end('SIGKILL');
  child = undefined;
  await rm(directory, { recursive: true });
});

interface Stats {
  queues: Record<string, { messageType: string; sent: number }>;
}

/** Runs until it has printed everything. */
async function start(
  ...args: string[]
): Promise<{ url: string; printed: string; stats: () => Promise<Stats> }> {
  const process = new Child(['emulator', '--port', '0', ...args], { cwd: directory });
  child = process;
  await until('the configuration', () => process.exited !== undefined || process.stdout.includes('sinks:'));
  const url = /http:\S+/.exec(process.stdout)?.[0];
  if (url === undefined) throw new Error(process.stderr);
  return {
    url,
    printed: process.stdout,
    stats: async () => (await (await fetch(`${url}/_emulator/stats`)).json()) as Stats,
  };
}

function queuesIn(printed: string): unknown {
  const { queues } = parse(printed.slice(printed.indexOf('region:'))) as { queues: unknown };
  return queues;
}

test('--generate feeds a queue of each type, and lists them in the configuration', async () => {
  const flags = ['--queue', 'mine=SmsReport', '--generate', 'SmsReport=50', '--generate', 'VoiceReport=0.5'];
  const { printed, stats } = await start(...flags, '--generate', 'FutureReport=20');
  const voice = 'Alicom-Queue-1234567890123456-VoiceReport';
  const future = 'Alicom-Queue-1234567890123456-FutureReport';
  expect(queuesIn(printed)).toEqual([
    { messageType: 'SmsReport', queueName: 'mine' },
    { messageType: 'VoiceReport', queueName: voice },
    { messageType: 'FutureReport', queueName: future },
  ]);
  expect(printed).not.toContain('no --queue given');
  await until('receipts in every queue', async () => {
    const { queues } = await stats();
    return [
      [queues.mine, 20],
      [queues[voice], 1],
      [queues[future], 5],
    ].every(([queue, count]) => typeof queue === 'object' && queue.sent >= Number(count));
  });
  expect(child?.stdout).toContain('# generating 50 SmsReport a second\n');
  expect(child?.stdout).toContain('# generating 20 FutureReport a second, a type unknown here');
  expect(await child?.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

describe('--load', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const [one, two] = ['{"biz_id":"1"}', '{"biz_id":"2"}'];
  const captured = (queueName: string): string =>
    JSON.stringify({ messageId: 'M', queueName, messageType: 'SmsUp', body: base64(one) });
  const xml = `<Messages><Message><MessageId>M</MessageId><MessageBody>${base64(one)}</MessageBody></Message></Messages>`;

  test('every form that replay reads, by name and by pattern', async () => {
    const files: Record<string, string> = {
      'captured.ndjson': `${captured('own')}\n${captured('own')}\n`,
      'receipts.ndjson': `${one}\n${two}\n`,
      'bodies.txt': `${base64(one)}\n${base64(two)}\n`,
      'push.json': `[${one},${two}]`,
      'answer.xml': xml,
    };
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(directory, name), content);
      await writeFile(join(directory, `${name}.gz`), gzipSync(content));
    }
    const { printed, stats } = await start(
      ...['--queue', 'mine=SmsReport', '--load', 'captured.ndjson', '--load', 'receipts.ndjson'],
      ...['--load', 'bodies.txt', '--load', 'push.json', '--load', 'answer.xml', '--load', '*.gz'],
    );
    expect(printed).toContain('# loaded 18 messages\n');
    expect((await stats()).queues).toMatchObject({
      mine: { sent: 14 },
      own: { sent: 4, messageType: 'SmsUp' },
    });
    expect(queuesIn(printed)).toEqual([
      { messageType: 'SmsReport', queueName: 'mine' },
      { messageType: 'SmsUp', queueName: 'own' },
    ]);
  });

  test('what is no message ends it, and says where', async () => {
    await writeFile(join(directory, 'bad.ndjson'), `${one}\nhello\n`);
    const process = new Child(['emulator', '--port', '0', '--load', 'bad.ndjson'], { cwd: directory });
    child = process;
    expect(await process.end()).toEqual({ code: 2, signal: null });
    expect(process.stdout).toBe('');
    expect(process.stderrLines).toHaveLength(1);
    expect(process.stderr).toContain('bad.ndjson:2: ');
  });
});

test.each([
  'SmsReport',
  'SmsReport=',
  'SmsReport=0',
  'SmsReport=-1',
  'SmsReport=10001',
  'Sms-Report=1',
  '=1',
  'SmsReport@moon=1',
])('--generate %s is a usage error', async (value) => {
  const command = emulatorCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  await expect(command.parseAsync(['--generate', value], { from: 'user' })).rejects.toMatchObject({
    name: 'CommanderError',
    message: expect.stringMatching(/TYPE=RATE|SmsReport@intl/),
  });
});
