import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { emulatorCommand } from '../../src/cli/emulator.js';
import { startEmulator } from '../../src/emulator/index.js';
import { UsageError } from '../../src/errors.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-emulator-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, name.endsWith('.gz') ? gzipSync(content) : content);
  return path;
}

/** Runs the command until `during` is through, then stops it as a signal would. Gives back what it printed. */
async function run(args: string[], during: (url: string) => Promise<void> = async () => {}): Promise<string> {
  let printed = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += String(chunk);
    return true;
  });
  try {
    const before = new Set(process.rawListeners('SIGTERM'));
    const command = emulatorCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    const ended = command.parseAsync(['--port', '0', ...args], { from: 'user' });
    const url = await Promise.race([
      ended.then(() => ''),
      vi.waitUntil(() => /http:\S+/.exec(printed)?.[0], 20_000),
    ]);
    try {
      await during(url);
    } finally {
      for (const listener of process.rawListeners('SIGTERM')) if (!before.has(listener)) listener('SIGTERM');
    }
    await ended;
  } finally {
    stdout.mockRestore();
  }
  return printed;
}

async function statsOf(url: string): Promise<unknown> {
  return (await fetch(`${url}/_emulator/stats`)).json();
}

describe('the command', () => {
  test('without arguments: one queue, credentials and a configuration to paste', async () => {
    const printed = await run([], async (url) => {
      expect(await statsOf(url)).toMatchObject({
        queues: { 'Alicom-Queue-1234567890123456-SmsReport': { messageType: 'SmsReport', sent: 0 } },
      });
    });
    const lines = printed.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^receiptd emulator listening on http:\/\/127\.0\.0\.1:\d+$/);
    expect(lines[1]).toContain('no --queue given');
    expect(lines.slice(2, 4)).toEqual([
      'export ALIBABA_CLOUD_ACCESS_KEY_ID=testId',
      'export ALIBABA_CLOUD_ACCESS_KEY_SECRET=testSecret',
    ]);
    const url = lines[0]?.split(' ').at(-1);
    expect(lines.length - 4).toBeLessThanOrEqual(12);
    expect(parse(lines.slice(4).join('\n'))).toEqual({
      region: 'cn-hangzhou',
      endpoints: { dybaseapi: url, mns: url },
      queues: [{ messageType: 'SmsReport', queueName: 'Alicom-Queue-1234567890123456-SmsReport' }],
      sinks: [{ type: 'ndjson', path: '-' }],
    });
  });

  test('with everything', async () => {
    const load = await file('receipts.ndjson', '{"biz_id":"1"}\n{"biz_id":"2"}\n');
    const flags = ['--queue', 'q1=SmsReport', '--queue', 'q2=SmsUp', '--load', load, '--access-key-id', 'me'];
    const printed = await run(
      [...flags, '--access-key-secret', "it's", '--visibility-timeout', '5'],
      async (url) => {
        expect(await statsOf(url)).toMatchObject({
          queues: { q1: { sent: 2 }, q2: { sent: 0, messageType: 'SmsUp' } },
        });
      },
    );
    expect(printed).toContain('export ALIBABA_CLOUD_ACCESS_KEY_ID=me\n');
    expect(printed).toContain("export ALIBABA_CLOUD_ACCESS_KEY_SECRET='it'\\''s'\n");
    expect(printed).toContain('# loaded 2 messages\n');
  });

  test.each([
    [['--queue', 'no-type']],
    [['--port', '65536']],
    [['--visibility-timeout', '0']],
    [['--token-life', 'long']],
    [['--what']],
  ])('%j is a usage error', async (args) => {
    await expect(run(args)).rejects.toMatchObject({ name: 'CommanderError' });
  });

  test('a queue name that MNS would refuse, or one given twice', async () => {
    await expect(run(['--queue', 'a b=SmsUp'])).rejects.toThrow(UsageError);
    await expect(run(['--queue', 'a=SmsUp', '--queue', 'a=SmsUp'])).rejects.toThrow(
      /^queue a: it already exists$/,
    );
  });

  test('a port in use', async () => {
    await using other = await startEmulator();
    await expect(run(['--port', String(other.port)])).rejects.toMatchObject({ code: 'EMULATOR_LISTEN' });
  });
});
