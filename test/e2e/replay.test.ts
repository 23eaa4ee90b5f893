/** `receiptd replay` as its users have it: files of every form, signals, kills, and what is left afterwards. */
import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { base64, capture, captured, idOf, QUEUE, receipt } from '../replay/support.js';
import { Child } from '../support/child.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE as DAEMON_QUEUE, duplicates, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const LIMIT = 150_000;
const ids = (count: number) => Array.from({ length: count }, (_, index) => idOf(index + 1));

/** Events into the site's output; no queue, no credentials. */
const toFile = { sinks: [{ type: 'ndjson', path: 'receipts.ndjson' }] };

/** An answer of MNS to BatchReceiveMessage. */
function xml(numbers: readonly number[]): string {
  const messages = numbers.map((n) => {
    const { messageId, body, enqueueTime, dequeueCount } = captured(n);
    return `<Message><MessageId>${messageId}</MessageId><ReceiptHandle>1-h</ReceiptHandle><MessageBody>${body}</MessageBody>
<MessageBodyMD5>00</MessageBodyMD5><EnqueueTime>${enqueueTime}</EnqueueTime><NextVisibleTime>${enqueueTime}</NextVisibleTime>
<FirstDequeueTime>${enqueueTime}</FirstDequeueTime><DequeueCount>${dequeueCount}</DequeueCount><Priority>8</Priority></Message>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Messages xmlns="http://mns.aliyuncs.com/doc/v1/">${messages.join('')}</Messages>`;
}

it(
  'takes every form of file, gzipped or not, and each gives its receipts',
  async () => {
    await using site = await Site.create();
    await site.configure(toFile);
    const numbers = [1, 2, 3];
    const forms: Record<string, string> = {
      'capture.ndjson': capture(3),
      'receipts.txt': numbers.map((n) => `${JSON.stringify(receipt(10 + n))}\n`).join(''),
      'bodies.txt': numbers.map((n) => `${base64(receipt(20 + n))}\n`).join(''),
      'push.json': JSON.stringify(
        numbers.map((n) => receipt(30 + n)),
        null,
        2,
      ),
      'answer.xml': xml([41, 42, 43]),
    };
    for (const [name, text] of Object.entries(forms)) await site.write(name, text);
    await writeFile(
      site.path('more.gz'),
      gzipSync(numbers.map((n) => JSON.stringify(receipt(50 + n))).join('\n')),
    );
    const replay = await site.run([
      'replay',
      '*.ndjson',
      '*.txt',
      'push.json',
      'answer.xml',
      'more.gz',
      '--type',
      'SmsReport',
    ]);
    expect(replay.exited, replay.stderr).toEqual({ code: 0, signal: null });
    expect(replay.stdout).toBe('');
    const events = (await readFile(site.output, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const expected = [0, 10, 20, 30, 40, 50].flatMap((base) => numbers.map((n) => receipt(base + n)));
    const byId = (a: { biz_id: string }, b: { biz_id: string }) => (a.biz_id < b.biz_id ? -1 : 1);
    expect(events.map(({ data }) => data).toSorted(byId)).toEqual(expected.toSorted(byId));
    expect(new Set(events.map(({ id }) => id)).size).toBe(18);
    expect(new Set(events.map(({ messagetype }) => messagetype))).toEqual(new Set(['SmsReport']));
    expect(events.filter(({ queuename }) => queuename === QUEUE)).toHaveLength(3);
    const again = await site.run(['replay', 'receipts.txt']);
    expect(again.exited?.code, again.stderr).toBe(0);
    expect(duplicates(await site.delivered())).toHaveLength(3);
  },
  LIMIT,
);

it(
  'gives the events of the daemon that captured the messages, byte for byte',
  async () => {
    await using site = await Site.create();
    await using cloud = await startCloud(40);
    const others = ['VoiceReport', 'SecretRecording', 'RobotCallReportAiccs', 'LlmSmartCallReport'];
    const queues = ['SmsReport', ...others].map((messageType) => ({
      messageType,
      queueName: `Alicom-Queue-1234567890123456-${messageType}`,
    }));
    for (const { messageType, queueName: name } of queues) {
      if (messageType === 'SmsReport') continue;
      cloud.createQueue({ name, messageType });
      cloud.generate(name, 20);
    }
    // A list, what contradicts the schema, blanks, and digits that no number of JavaScript's holds.
    for (const text of [
      '[ {"biz_id":"1^0","success":true},{"biz_id":"2^0", "success":"no"} ]',
      '{"biz_id" : "3^0","success":true,"n":12345678901234567890.10,\n"err_msg":"\\u77ed信👌"}\n',
    ]) {
      cloud.sendBody(DAEMON_QUEUE, base64(text));
    }
    const daemon = await site.daemon(configFor(cloud, { queues, capture: { dir: 'capture' } }));
    await until('empty queues', () => cloud.queues.every(({ deleted, sent }) => deleted === sent));
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });
    const live = (await readFile(site.output, 'utf8')).trimEnd().split('\n').toSorted();
    expect(live).toHaveLength(40 + 4 * 20 + 2 + 1);
    await site.write('replay.yaml', JSON.stringify({ sinks: [{ type: 'ndjson', path: 'replayed.ndjson' }] }));
    const replay = await site.run(['replay', '-c', 'replay.yaml', 'capture/*']);
    expect(replay.exited, replay.stderr).toEqual({ code: 0, signal: null });
    const replayed = (await readFile(site.path('replayed.ndjson'), 'utf8')).trimEnd().split('\n');
    expect(replayed.toSorted()).toEqual(live);
  },
  LIMIT,
);

it('only looks at a file in a dry run, and says where what is wrong stands', async () => {
  await using site = await Site.create();
  const odd = { ...receipt(3), success: ['no boolean'] };
  const bodies: Record<number, string> = { 2: 'no body {', 3: base64(odd) };
  await site.write(
    'a.ndjson',
    capture(4, (n) => (bodies[n] === undefined ? {} : { body: bodies[n] })),
  );
  const dry = await site.run(['replay', '--dry-run', 'a.ndjson']);
  expect(dry.exited).toEqual({ code: 1, signal: null });
  expect(dry.stdout).toMatch(/^type +ok +drifted +undecodable\nSmsReport +2 +1 +1\ntotal +2 +1 +1\n/);
  expect(dry.stdout).toMatch(
    /undecodable, SmsReport:\n {2}a\.ndjson:2 {2}the body is neither JSON nor base64\n/,
  );
  expect(dry.stdout).toMatch(/drifted, SmsReport:\n {2}a\.ndjson:3 {2}success: /);
  await expect(stat(site.path('data'))).rejects.toThrow('ENOENT');
  await site.write(
    'b.ndjson',
    capture(1, () => ({ body: base64(odd) })),
  );
  const drifted = await site.run(['replay', '--dry-run', '--json', 'b.ndjson']);
  expect(drifted.exited?.code).toBe(0);
  expect(JSON.parse(drifted.stdout)).toMatchObject({
    dryRun: true,
    finished: true,
    failures: 0,
    types: { SmsReport: { counts: { ok: 0, drifted: 1 } } },
  });
});

it(
  'reads standard input, writes events to standard output, and needs no file to tell it so',
  async () => {
    await using site = await Site.create();
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [main, 'replay', '-'], {
      cwd: site.directory,
      env: { PATH, HOME: site.directory },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.write(capture(2));
    // What has come is delivered, whether or not more will follow.
    await until('two events', () => stdout.split('\n').length === 3);
    child.stdin.end(capture(3));
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, stderr).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id as string),
    ).toEqual(ids(3));
    expect(stderr).toMatch(/2 again \(the same MessageId\), left out/);
  },
  LIMIT,
);

it(
  'keeps what failed in a file that can be replayed once the sink is mended',
  async () => {
    await using redis = await TestRedis.start();
    await using site = await Site.create();
    const pipeline = { backend: 'redis', url: redis.url, attempts: 2 };
    await site.configure({ pipeline, sinks: [{ type: 'module', path: 'sink.mjs' }] });
    const sink = (refuse: string) => `import { appendFileSync } from 'node:fs';
export default { default: (event) => {
  if (${refuse}) throw new Error('refused');
  appendFileSync('receipts.ndjson', JSON.stringify({ id: event.id, data: event.data, time: event.time }) + '\\n');
} };\n`;
    await site.write('sink.mjs', sink('/[05]$/.test(event.data.out_id)'));
    await site.write('a.ndjson', capture(20));
    await site.write('b.txt', `${JSON.stringify(receipt(25))}\nno receipt\n`);
    const first = await site.run(['replay', 'a.ndjson', 'b.txt', '--dead', 'dead.ndjson']);
    expect(first.exited, first.stderr).toEqual({ code: 1, signal: null });
    expect(first.stderr).toMatch(/a\.ndjson:5 {2}module:sink\.mjs: refused/);
    expect(first.stderr).toMatch(/6 messages that failed are in dead\.ndjson/);
    expect(await site.delivered()).toHaveLength(16);
    const refused = await site.run(['replay', 'a.ndjson', '--dead', 'dead.ndjson']);
    expect(refused.exited?.code).toBe(2);
    expect(refused.stderr).toBe(
      'error: --dead: dead.ndjson is not empty: name another file, or move it away\n',
    );
    await site.write('sink.mjs', sink('false'));
    const second = await site.run(['replay', 'dead.ndjson', '--dead', 'hopeless.ndjson']);
    expect(second.exited, second.stderr).toEqual({ code: 1, signal: null });
    const delivered = await site.delivered();
    expect(new Set(delivered).size).toBe(21);
    expect(delivered).toHaveLength(21);
    const [hopeless] = (await readFile(site.path('hopeless.ndjson'), 'utf8')).trim().split('\n');
    expect(JSON.parse(hopeless ?? '')).toMatchObject({ messageType: 'Unknown' });
  },
  LIMIT,
);

const BACKENDS = ['embedded', 'redis'] as const;
const CONCURRENCY = 16;

async function interrupted(
  backend: (typeof BACKENDS)[number],
  signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL',
  count: number,
) {
  const redis = backend === 'redis' ? await TestRedis.start() : undefined;
  const site = await Site.create();
  await site.configure({
    ...toFile,
    pipeline: { backend, ...(redis && { url: redis.url }), concurrency: CONCURRENCY, maxInFlight: 64 },
  });
  await site.write('a.ndjson', capture(count));
  const child = new Child(['replay', 'a.ndjson'], { cwd: site.directory });
  await until('some events', async () => (await site.delivered()).length > count / 4);
  const exit = await child.end(signal);
  expect((await site.delivered()).length).toBeLessThan(count);
  return {
    site,
    exit,
    stderr: child.stderr,
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      await redis?.[Symbol.asyncDispose]();
    },
  };
}

it.each([
  ['embedded', 'SIGTERM', 1_200],
  ['redis', 'SIGINT', 20_000],
] as const)(
  'stops in good order and goes on without repeating: %s, %s',
  async (backend, signal, count) => {
    await using run = await interrupted(backend, signal, count);
    expect(run.exit, run.stderr).toEqual({ code: 1, signal: null });
    expect(run.stderr).toMatch(/stopped: the same command with --resume goes on\n$/);
    const resumed = await run.site.run(['replay', 'a.ndjson', '--resume']);
    expect(resumed.exited, resumed.stderr).toEqual({ code: 0, signal: null });
    const delivered = await run.site.delivered();
    expect(duplicates(delivered)).toEqual([]);
    expect(delivered.toSorted()).toEqual(ids(count));
    expect(resumed.stderr).toMatch(new RegExp(`total +${count.toLocaleString('en')} `));
    const nothing = await run.site.run(['replay', 'a.ndjson', '--resume']);
    expect(nothing.exited?.code).toBe(2);
    expect(nothing.stderr).toMatch(
      /^error: --resume: no stopped replay in data\/replay: start from the beginning/,
    );
  },
  LIMIT,
);

it.each([
  ['embedded', 1_200],
  ['redis', 20_000],
] as const)(
  'goes on after kill -9, and repeats only what was being delivered: %s',
  async (backend, count) => {
    await using run = await interrupted(backend, 'SIGKILL', count);
    expect(run.exit).toEqual({ code: null, signal: 'SIGKILL' });
    const resumed = await run.site.run(['replay', 'a.ndjson', '--resume']);
    expect(resumed.exited, resumed.stderr).toEqual({ code: 0, signal: null });
    const delivered = await run.site.delivered();
    expect(duplicates(delivered).length).toBeLessThanOrEqual(CONCURRENCY);
    expect([...new Set(delivered)].toSorted()).toEqual(ids(count));
  },
  LIMIT,
);

it.each([
  [['nothing.ndjson'], /nothing\.ndjson/],
  [[], /missing required argument 'files'/],
  [['a', '--rate', '0'], /--rate.*must be a number greater than 0/],
  [['a', '--rate', '5', '--speed', '2'], /'--rate <n>' cannot be used with option '--speed <x>'/],
  [['a', '--dry-run', '--resume'], /'--dry-run' cannot be used with option '--resume'/],
  [['a', '--since', 'yesterday'], /--since: must be a time such as/],
  [['a', '--since', '2026-02-01', '--until', '2026-01-01'], /--until: must be later than --since/],
  [['a', '--type', 'Sms Report'], /--type.*must be a message type such as SmsReport/],
  [['-', '--resume'], /--resume: standard input and pipes cannot be read again/],
  [['a', '--resume'], /--resume: no stopped replay in data\/replay/],
  [['a', '--dead', 'a'], /--dead: a is (not empty|replayed itself)/],
] as [string[], RegExp][])('refuses %j', async (args, message) => {
  await using site = await Site.create();
  await site.write('a', capture(1));
  const child = await site.run(['replay', ...args]);
  expect(child.exited, child.stderr).toEqual({ code: 2, signal: null });
  expect(child.stderr).toMatch(message);
  expect(child.stderr.trim().split('\n')).toHaveLength(1);
});
