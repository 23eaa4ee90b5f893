/** `receiptd capture`: what waits in the queues, in a file, while the queues keep it. */
import { execFile, execFileSync } from 'node:child_process';
import { access, readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { readFile as captured } from '../capture/support.js';
import { Child } from '../support/child.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const OTHER = 'Alicom-Queue-1234567890123456-VoiceReport';

it('writes what waits and deletes nothing, so that it can be captured again', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(100);
  await site.configure(configFor(cloud));
  for (const [name, dequeueCount] of [
    ['first.ndjson', 1],
    ['second.ndjson', 2],
  ] as const) {
    const capture = await site.run(['capture', '-o', name]);
    expect(capture.exited, capture.stderr).toEqual({ code: 0, signal: null });
    expect(capture.stdout).toBe('');
    expect(capture.stderrLines).toEqual([
      `${QUEUE} (SmsReport): 100 message(s)`,
      `100 message(s) in ${name}, none deleted`,
      '100 given back to their queues',
    ]);
    const messages = await captured(site.path(name));
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(100);
    expect(messages[0]).toMatchObject({
      queueName: QUEUE,
      messageType: 'SmsReport',
      mnsHost: new URL(cloud.url).host,
      dequeueCount,
    });
    // Long before their visibility timeout of 30 s.
    await until('all to be visible again', () => cloud.queue(QUEUE).counters().visible === 100, 10_000);
  }
  expect(cloud.queue(QUEUE).deleted).toBe(0);
});

it('leaves no trace beside its file: no store, no sink', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(3);
  await site.configure(configFor(cloud));
  const capture = await site.run(['capture']);
  expect(capture.exited, capture.stderr).toEqual({ code: 0, signal: null });
  const files = (await readdir(site.directory)).filter((name) => name !== 'receiptd.yaml');
  expect(files).toEqual([expect.stringMatching(/^receiptd-capture-\d{8}T\d{6}\.\d{3}Z\.ndjson$/)]);
  expect(await captured(site.path(files[0] ?? ''))).toHaveLength(3);
});

it('compresses by name, masks phone numbers, and stops at its limit', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  for (let n = 0; n < 50; n += 1)
    cloud.send(QUEUE, { phone_number: '13800138000', biz_id: '932702304080415357^0' });
  await site.configure(configFor(cloud));
  const capture = await site.run([
    'capture',
    '-o',
    'raw.ndjson.gz',
    '--max',
    '20',
    '--mask-phones',
    '--keep-hidden',
  ]);
  expect(capture.exited, capture.stderr).toEqual({ code: 0, signal: null });
  execFileSync('gzip', ['-t', site.path('raw.ndjson.gz')]);
  const bodies = (await captured(site.path('raw.ndjson.gz'))).map(({ body }) =>
    Buffer.from(body, 'base64').toString(),
  );
  expect(bodies).toHaveLength(20);
  // One number, one pseudonym.
  expect(new Set(bodies).size).toBe(1);
  expect(bodies[0]).toMatch(/^\{"phone_number":"138\d{8}","biz_id":"932702304080415357\^0"\}$/);
  expect(bodies[0]).not.toContain('13800138000');
  expect(cloud.queue(QUEUE).counters()).toMatchObject({ visible: 30, invisible: 20, deleted: 0 });
});

it('writes to standard output, from the queues it was told', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(5);
  cloud.createQueue({ name: OTHER, messageType: 'VoiceReport' });
  cloud.generate(OTHER, 7);
  const queues = [
    { messageType: 'SmsReport', queueName: QUEUE },
    { messageType: 'VoiceReport', queueName: OTHER },
  ];
  await site.configure(configFor(cloud, { queues }));
  const both = await site.run(['capture', '-o', '-', '--for', '20s']);
  expect(both.exited, both.stderr).toEqual({ code: 0, signal: null });
  expect(both.stdout.split('\n').slice(0, -1)).toHaveLength(12);
  expect(both.stderr).toContain('12 message(s) in standard output, none deleted');
  const voice = await site.run(['capture', '-o', '-', '--queue', OTHER, '--for', '20s']);
  const types = voice.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { messageType: string }).messageType);
  expect(types).toEqual(Array(7).fill('VoiceReport'));
});

it('gets a new token when the old one is refused, and goes on after trouble', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(64);
  await site.configure(configFor(cloud));
  cloud.failNext('BatchReceiveMessage', 1, { status: 403, code: 'InvalidSecurityToken' });
  cloud.failNext('BatchReceiveMessage', 2, { status: 503, code: 'ServiceUnavailable' });
  const capture = await site.run(['capture', '-o', 'raw.ndjson']);
  expect(capture.exited, capture.stderr).toEqual({ code: 0, signal: null });
  expect(await captured(site.path('raw.ndjson'))).toHaveLength(64);
  expect(cloud.stats.tokens).toBe(2);
});

it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s with what it has, and gives it back', async (signal) => {
  await using site = await Site.create();
  await using cloud = await startCloud(6_000);
  const queue = cloud.queue(QUEUE);
  await site.configure(configFor(cloud));
  const capture = new Child(['capture', '-o', 'raw.ndjson.gz', '--max', '4999'], { cwd: site.directory });
  try {
    await until('messages to be captured', () => queue.counters().invisible > 0);
    expect(await capture.end(signal), capture.stderr).toEqual({ code: 0, signal: null });
  } finally {
    if (capture.exited === undefined) await capture.end('SIGKILL');
  }
  const messages = await captured(site.path('raw.ndjson.gz'));
  expect(messages.length).toBeGreaterThan(0);
  expect(capture.stderr).toContain(`${messages.length} message(s) in raw.ndjson.gz, none deleted`);
  expect(capture.stderr).toContain(`${messages.length} given back to their queues`);
  await until('all to be visible again', () => queue.counters().visible === 6_000, 10_000);
});

it('says what still fails when its time is over, and keeps what it has', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(5);
  await site.configure(configFor(cloud));
  cloud.failNext('BatchReceiveMessage', Number.POSITIVE_INFINITY, {
    status: 503,
    code: 'ServiceUnavailable',
  });
  const capture = await site.run(['capture', '-o', 'raw.ndjson', '--for', '800ms']);
  expect(capture.exited).toEqual({ code: 1, signal: null });
  expect(capture.stderr).toMatch(/^error: .*ServiceUnavailable/m);
  await expect(access(site.path('raw.ndjson'))).rejects.toThrow('ENOENT');
});

it('ends when its reader has gone, without an error', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(4_000);
  await site.configure(configFor(cloud));
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const line = 'set -o pipefail; "$0" "$1" capture -o - --max 4999 | head -1';
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', line, process.execPath, main], {
    cwd: site.directory,
  });
  expect(JSON.parse(stdout)).toMatchObject({ queueName: QUEUE });
  expect(stderr).not.toMatch(/error/);
  await until('all to be visible again', () => cloud.queue(QUEUE).counters().visible === 4_000, 10_000);
});

it.each([
  ['raw.ndjson', 20],
  ['raw.ndjson.gz', 4],
] as const)('a full disk leaves whole lines in %s, and their number is told', async (name, blocks) => {
  await using site = await Site.create();
  await using cloud = await startCloud(400);
  await site.configure(configFor(cloud));
  const { code, stderr } = await shell(site, `ulimit -f ${blocks}; exec "$0" "$1" capture -o ${name}`);
  expect(code).toBe(1);
  const messages = await captured(site.path(name));
  expect(messages.length).toBeGreaterThan(0);
  const lines = stderr.split('\n').slice(0, -1);
  expect(lines).toEqual([
    `${QUEUE} (SmsReport): ${messages.length} message(s)`,
    `${messages.length} message(s) in ${name}, none deleted`,
    expect.stringMatching(/^\d+ given back to their queues$/),
    `error: --output: the file size limit is reached (EFBIG): check ${name}`,
  ]);
  if (name.endsWith('.gz')) execFileSync('gzip', ['-t', site.path(name)]);
  else expect((await readFile(site.path(name), 'utf8')).endsWith('\n')).toBe(true);
  await until('all to be visible again', () => cloud.queue(QUEUE).counters().visible === 400, 10_000);
});

it('leaves no file when the disk takes nothing', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(5);
  await site.configure(configFor(cloud));
  const { code, stderr } = await shell(site, 'ulimit -f 0; exec "$0" "$1" capture -o raw.ndjson.gz');
  expect(code).toBe(1);
  expect(stderr).toContain(`${QUEUE} (SmsReport): 0 message(s)\n`);
  expect(stderr).toMatch(/^error: --output: the file size limit is reached \(EFBIG\)/m);
  await expect(access(site.path('raw.ndjson.gz'))).rejects.toThrow('ENOENT');
});

it('counts what went into the pipe, not what its reader did not take any more', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(400);
  await site.configure(configFor(cloud));
  const line = '"$0" "$1" capture -o - > >(exec head -c 1 >first)';
  const { code, stderr } = await shell(site, line);
  expect(code, stderr).toBe(0);
  const [, told = ''] = /^(\d+) message\(s\) in standard output/m.exec(stderr) ?? [];
  const [, taken = ''] = /^(\d+) given back/m.exec(stderr) ?? [];
  // What was received last found nobody, or not for all of it.
  expect(Number(told)).toBeLessThan(Number(taken));
  expect(Number(told)).toBeGreaterThanOrEqual(Number(taken) - 16);
});

it('says what is wrong in one line, and leaves no file', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(1);
  await site.configure(configFor(cloud));
  await site.write('there.ndjson', 'precious');
  for (const [args, line] of [
    [
      ['-o', 'there.ndjson'],
      /^error: --output: there is a file of this name already \(EEXIST\): .*there\.ndjson$/,
    ],
    [
      ['-o', 'nowhere/raw.ndjson'],
      /^error: --output: no such directory \(ENOENT\): check nowhere\/raw\.ndjson$/,
    ],
    [['--queue', 'nope'], new RegExp(`^error: --queue: nope is not configured, configured are ${QUEUE}$`)],
    [
      ['--max', '0'],
      /^error: option '--max <n>' argument '0' is invalid\. Expected a whole number from 1 to 4999\.$/,
    ],
    [['--for', 'long'], /^error: option '--for <duration>' argument 'long' is invalid\. Expected a duration/],
    [['-c', 'nope.yaml'], /^error: nope\.yaml: no such file$/],
  ] as const) {
    const refused = await site.run(['capture', ...args]);
    expect(refused.exited).toEqual({ code: 2, signal: null });
    expect(refused.stderrLines).toEqual([expect.stringMatching(line)]);
  }
  expect(await readFile(site.path('there.ndjson'), 'utf8')).toBe('precious');

  await site.configure(
    configFor(cloud, { credentials: { accessKeyId: 'nobody', accessKeySecret: 'nothing' } }),
  );
  const stranger = await site.run(['capture', '-o', 'raw.ndjson']);
  expect(stranger.exited).toEqual({ code: 1, signal: null });
  expect(stranger.stderr).toMatch(/^error: QueryTokenForMnsQueue .*InvalidAccessKeyId/m);
  await expect(access(site.path('raw.ndjson'))).rejects.toThrow('ENOENT');
});

/** A command of bash, `$0` Node and `$1` the executable; it fails by its exit code. */
async function shell(site: Site, line: string): Promise<{ code: number; stderr: string }> {
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  try {
    const { stderr } = await promisify(execFile)('bash', ['-c', line, process.execPath, main], {
      cwd: site.directory,
    });
    return { code: 0, stderr };
  } catch (error) {
    return error as { code: number; stderr: string };
  }
}
