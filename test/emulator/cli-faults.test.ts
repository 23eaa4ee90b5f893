/** The command's flags for faults, limits, clock and data, as a process of its own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emulatorCommand } from '../../src/cli/emulator.js';
import type { Emulator } from '../../src/emulator/index.js';
import { UsageError } from '../../src/errors.js';
import { Child } from '../support/child.js';
import { until } from '../support/until.js';
import { MESSAGES, mns, QUEUE, text } from './support.js';

let directory: string;
let child: Child | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-emulator-cli-'));
});
afterEach(async () => {
  if (child !== undefined && child.exited === undefined) await child.end('SIGKILL');
  child = undefined;
  await rm(directory, { recursive: true });
});

/** Runs until it has printed everything. */
async function start(...args: string[]): Promise<{ cloud: Emulator; printed: string; url: string }> {
  const process = new Child(['emulator', '--port', '0', ...args], { cwd: directory });
  child = process;
  await until('the configuration', () => process.exited !== undefined || process.stdout.includes('sinks:'));
  const url = /http:\S+/.exec(process.stdout)?.[0];
  if (url === undefined) throw new Error(process.stderr);
  // All that a signed request needs of it.
  return { cloud: { port: Number(new URL(url).port) } as Emulator, printed: process.stdout, url };
}

const json = async (url: string): Promise<unknown> => (await fetch(url)).json();

test('faults of a file and of flags, in this order, under the seed given', async () => {
  const file = join(directory, 'faults.yaml');
  await writeFile(file, 'seed: 3\nfaults: ["SendMessage=reset"]\n');
  const flags = [
    '--faults',
    file,
    '--fault',
    '*=latency/1-5:0.5',
    '--fault',
    'ReceiveMessage=error/500/Oops#1',
  ];
  const { cloud, url } = await start(...flags);
  expect(await json(`${url}/_emulator/faults`)).toMatchObject({
    seed: 3,
    faults: [{ kind: 'reset' }, { kind: 'latency', ms: [1, 5], rate: 0.5 }, { kind: 'error', count: 1 }],
  });
  expect(text((await mns(cloud, 'GET', MESSAGES)).body, 'Code')).toBe('Oops');
  expect((await mns(cloud, 'GET', MESSAGES)).status).toBe(404);
  await child?.end('SIGTERM');
  const again = await start('--faults', file, '--seed', '0');
  expect(await json(`${again.url}/_emulator/faults`)).toMatchObject({ seed: 0 });
});

test('clock, limits and token life', async () => {
  const limits = ['--max-waiting', '0', '--max-tps', '50', '--max-in-flight', '7'];
  const { cloud, url } = await start('--clock-offset', '-3600.5', '--token-life', '60', ...limits);
  expect(await json(`${url}/_emulator/settings`)).toMatchObject({
    clockOffset: -3_600_500,
    tokenLife: 60,
    maxWaiting: 0,
    maxTps: 50,
    maxInFlight: 7,
  });
  expect(text((await mns(cloud, 'GET', MESSAGES)).body, 'Code')).toBe('TimeExpired');
});

test('--data: the next run goes on, and says with what', async () => {
  const flags = ['--data', join(directory, 'data'), '--queue', `${QUEUE}=SmsReport`];
  const first = await start(...flags);
  expect(first.printed).toContain('data: queues kept: 0, messages kept: 0\n');
  const message = '<Message><MessageBody>x</MessageBody></Message>';
  const id = text((await mns(first.cloud, 'POST', MESSAGES, { body: message })).body, 'MessageId');
  const second = new Child(['emulator', '--port', '0', ...flags], { cwd: directory });
  expect((await second.end()).code).toBe(1);
  expect(second.stderrLines).toEqual([
    expect.stringContaining('another emulator is using the data directory'),
  ]);
  expect((await child?.end('SIGTERM'))?.code).toBe(0);

  // Without --queue it takes what is there and makes no other.
  const third = await start('--data', join(directory, 'data'));
  expect(third.printed).toContain('data: queues kept: 1, messages kept: 1\n');
  expect(third.printed).not.toContain('no --queue given');
  expect(text((await mns(third.cloud, 'GET', MESSAGES)).body, 'MessageId')).toBe(id);
});

const parse = (...args: string[]): Promise<unknown> => {
  const quiet = { writeErr: () => {}, writeOut: () => {} };
  return emulatorCommand().exitOverride().configureOutput(quiet).parseAsync(args, { from: 'user' });
};

test.each([
  [['--fault', 'BatchDeleteMessage=explode'], /unknown kind; expected OPERATION\[@QUEUE\]=KIND/],
  [['--fault', 'half'], /^fault half: not understood; expected OPERATION/],
  [['--faults', '/nowhere/faults.yaml'], /faults\.yaml: there is no such file/],
  [['--queue', 'a=SmsUp', '--queue', 'a=SmsUp'], /already exist/],
])('%j is a usage error', async (args, message) => {
  const parsing = parse('--port', '0', ...args);
  await expect(parsing).rejects.toThrow(UsageError);
  await expect(parsing).rejects.toThrow(message);
});

test.each([
  [['--clock-offset', 'soon']],
  [['--seed', '-1']],
  [['--max-tps', '0']],
  [['--max-waiting', 'all']],
  [['--max-in-flight', '0']],
])('%j is refused by the command line', async (args) => {
  await expect(parse(...args)).rejects.toMatchObject({ name: 'CommanderError' });
});

test('--help explains how a fault is written', () => {
  let help = '';
  const command = emulatorCommand().configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  command.outputHelp();
  for (const kind of ['error/', 'latency/', 'reset', 'lost', 'hang', 'half', 'duplicate', 'expired-token']) {
    expect(help).toMatch(new RegExp(`^ +(?:KIND +)?${kind}`, 'm'));
  }
  expect(help).toContain('OPERATION[@QUEUE]=KIND[:RATE][#COUNT]');
});
