import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Progress } from '../../src/replay/progress.js';
import { reportOf, summaryOf } from '../../src/replay/report.js';
import { Tally } from '../../src/replay/tally.js';
import { until } from '../support/until.js';

function tallied(): Tally {
  const tally = new Tally();
  for (let n = 0; n < 1_200; n += 1) tally.count('SmsReport', 'ok', { file: 'a', line: n });
  for (let n = 1; n <= 12; n += 1)
    tally.count('SmsReport', 'undecodable', { file: 'a', line: n }, 'not JSON');
  tally.count('VoiceReport', 'drifted', { file: 'b', line: 9 }, 'duration: must be a string');
  tally.unreadable({ file: 'b', line: 10 }, 'damaged');
  tally.duplicates = 2;
  return tally;
}

it('is a table by type, with the first places of what is wrong', () => {
  const text = reportOf({ tally: tallied(), dryRun: true, elapsed: 1_000, messages: 1_216 });
  expect(text.split('\n').slice(0, 7)).toEqual([
    'type            ok  drifted  undecodable',
    'SmsReport    1,200        0           12',
    'VoiceReport      0        1            0',
    'total        1,200        1           12',
    '1 unreadable',
    '2 again (the same MessageId), left out',
    '1,216 entries in 1.0 s (1,216/s)',
  ]);
  expect(text).toContain('undecodable, SmsReport:\n  a:1  not JSON\n');
  expect(text).toContain('  a:10  not JSON\n  and 2 more\n');
  expect(text).toContain('drifted, VoiceReport:\n  b:9  duration: must be a string\n');
  expect(text).toContain('unreadable:\n  b:10  damaged\n');
});

it('says what was delivered and what failed when it was no dry run', () => {
  const text = reportOf({ tally: tallied(), dryRun: false, elapsed: 0, messages: 0 });
  expect(text.split('\n')[0]).toBe('type         delivered  drifted  undecodable  failed');
});

it('is the same as data', () => {
  const summary = summaryOf({ tally: tallied(), dryRun: true, elapsed: 2_000, messages: 1_216 }, true);
  expect(summary).toMatchObject({
    dryRun: true,
    finished: true,
    seconds: 2,
    rate: 608,
    failures: 13,
    duplicates: 2,
  });
  expect(summary.types.SmsReport?.counts).toEqual({ ok: 1_200, drifted: 0, undecodable: 12, failed: 0 });
});

function stream(): { stream: NodeJS.WriteStream; text: () => string } {
  const output = new PassThrough();
  let text = '';
  output.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return {
    stream: Object.assign(output, { isTTY: true }) as unknown as NodeJS.WriteStream,
    text: () => text,
  };
}

it('shows progress in plain lines with rate and ETA where there is no terminal', async () => {
  const { stream: output, text } = stream();
  let done = 100;
  const options = {
    stream: output,
    bar: false,
    totalBytes: 1_000,
    done: () => done,
    failures: () => 3,
    every: 5,
  };
  const progress = new Progress(options);
  done += 50;
  progress.bytes(250);
  await until('a line', () => text().includes('\n'));
  progress.stop();
  expect(text()).toMatch(/^150 messages \([\d,]+\/s\), 3 failed, 25 % read, ETA \d+ s\n/);
});

it('tells neither part nor ETA of what has no end in sight', async () => {
  const { stream: output, text } = stream();
  const options = {
    stream: output,
    bar: false,
    totalBytes: undefined,
    done: () => 1,
    failures: () => 0,
    every: 5,
  };
  const progress = new Progress(options);
  await until('a line', () => text().includes('\n'));
  progress.stop();
  expect(text()).toMatch(/^1 messages \(0\/s\), 0 failed\n/);
});

it('draws a bar on a terminal, and keeps notes out of it', async () => {
  const { stream: output, text } = stream();
  const options = {
    stream: output,
    bar: true,
    totalBytes: 1_000,
    done: () => 7,
    failures: () => 0,
    every: 5,
  };
  const progress = new Progress(options);
  progress.bytes(500);
  await until('half of it', () => /50% \| 7 messages/.test(text()));
  progress.note('delivering fails');
  progress.stop();
  expect(text()).toContain('\r\u001b[2Kdelivering fails\n');
  expect(text()).toMatch(/ETA/);
});
