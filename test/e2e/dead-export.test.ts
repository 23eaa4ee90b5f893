/** Dead letters out of the store into a file, and from there to a sink that works; and the question that is asked before. */
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import type { Child } from '../support/child.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const FUSSY = `
  export default { default(event) { throw Object.assign(new Error('no order'), { code: 'DEAD_LETTER' }); } };`;

const BIG = '12345678901234567890';

interface Event {
  id: string;
  time: string;
  data: unknown;
}

const byId = (a: Event, b: Event) => (a.id < b.id ? -1 : 1);

async function eventsIn(site: Site): Promise<Event[]> {
  // As `show` has numbers that JavaScript's would lose digits of.
  const text = (await readFile(site.output, 'utf8')).replace(`:${BIG}`, `:"${BIG}"`);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Event).sort(byId);
}

/** Two receipts, a list of two, one that cannot be decoded. */
function send(cloud: Emulator): string[] {
  const at = '2026-01-31 08:00:00';
  return [
    cloud.sendBody(
      QUEUE,
      `{"biz_id":"x-1","phone_number":"13900000000","success":true,"report_time":"${at}","n":${BIG}}`,
    ),
    cloud.sendBody(
      QUEUE,
      Buffer.from('{"biz_id":"短信","phone_number":"13900000001","success":false}').toString('base64'),
    ),
    cloud.sendBody(QUEUE, '[{"biz_id":"l-0","success":true},{"biz_id":"l-1","success":true}]'),
    cloud.sendBody(QUEUE, 'not base64 {'),
  ];
}

async function dead(site: Site, code: number, ...args: string[]): Promise<Child> {
  const child = await site.run(['dead', ...args, '-c', 'receiptd.yaml']);
  expect(await child.end(), child.stderr).toEqual({ code, signal: null });
  return child;
}

it.each([
  ['embedded', true],
  ['embedded', false],
  ['redis', true],
] as const)(
  'exports what a replay delivers as the daemon would have: %s, beside a daemon: %s',
  async (backend, beside) => {
    await using redis = backend === 'redis' ? await TestRedis.start() : undefined;
    await using site = await Site.create();
    await using other = await Site.create();
    await using cloud = await startCloud(0);
    const ids = send(cloud);
    await site.write('fussy.mjs', FUSSY);
    const pipeline = { attempts: 1, ...(redis && { backend: 'redis' as const, url: redis.url }) };
    const ops = { token: 'a-secret-of-the-operators' };
    const config = configFor(cloud, { pipeline, ops, sinks: [{ type: 'module', path: 'fussy.mjs' }] });
    const daemon = await site.daemon(config);
    await until('all to be acknowledged', () => cloud.queue(QUEUE).deleted === 4);
    if (!beside) expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });

    // Its sink works.
    await other.configure(configFor(cloud));

    expect((await dead(site, 0, 'export', 'dead.ndjson.gz')).stdout).toBe(
      '4 dead letter(s) exported to dead.ndjson.gz\n',
    );
    expect((await dead(site, 2, 'export', 'dead.ndjson.gz')).stderr).toMatch(
      /^error: dead\.ndjson\.gz is there already: name another file, or say --force/,
    );
    const lines = gunzipSync(await readFile(site.path('dead.ndjson.gz')))
      .toString()
      .trimEnd()
      .split('\n');
    const messages = lines.map((line) => JSON.parse(line) as { messageId: string; body: string });
    expect(messages.map(({ messageId }) => messageId).sort()).toEqual([...ids].sort());
    expect(messages.find(({ messageId }) => messageId === ids[3])?.body).toBe('not base64 {');

    const dry = await site.run(['replay', 'dead.ndjson.gz', '--dry-run', '-c', 'receiptd.yaml']);
    expect(await dry.end(), dry.stderr).toEqual({ code: 1, signal: null });
    expect(dry.stdout).toMatch(/undecodable/);
    // Replayed on a machine that knows nothing of the queues.
    const replay = await other.run(['replay', site.path('dead.ndjson.gz'), '-c', 'receiptd.yaml']);
    expect(await replay.end(), replay.stderr).toEqual({ code: 1, signal: null });
    const delivered = await eventsIn(other);
    const events: Event[] = [];
    for (const id of ids.slice(0, 3)) {
      const { event, events: several = [] } = JSON.parse((await dead(site, 0, 'show', id)).stdout) as {
        event?: Event;
        events?: Event[];
      };
      events.push(...(event === undefined ? several : [event]));
    }
    expect(delivered).toEqual(events.sort(byId));
    expect(delivered.map(({ id }) => id).sort()).toEqual(
      [ids[0], ids[1], `${ids[2]}#0`, `${ids[2]}#1`].sort(),
    );
    expect(delivered.find(({ id }) => id === ids[0])?.time).toBe('2026-01-31T00:00:00.000Z');
    expect(await readFile(other.output, 'utf8')).toContain(`"n":${BIG}`);

    // Only what was written goes.
    const some = await dead(site, 1, 'export', 'some.ndjson', ids[0] ?? '', 'nobody', '--drop', '--json');
    expect(JSON.parse(some.stdout)).toEqual({
      exported: 1,
      dropped: 1,
      missing: ['nobody'],
      file: 'some.ndjson',
    });
    expect((await dead(site, 2, 'export', 'rest.ndjson', '--drop')).stderr).toMatch(
      /^error: name the dead letters/,
    );
    expect((await dead(site, 2, 'export', '-', '--all', '--drop')).stderr).toMatch(
      /^error: --drop: name a file/,
    );
    expect((await dead(site, 2, 'export', 'no/such/place', '--all')).stderr).toMatch(/cannot be made/);
    expect(
      (await dead(site, 0, 'export', '--type', 'SmsReport', '--reason', 'no order')).stdout.split('\n'),
    ).toHaveLength(3);
    const rest = await dead(site, 0, 'export', 'some.ndjson', '--all', '--drop', '--force');
    expect(rest.stdout).toBe('3 dead letter(s) exported to some.ndjson, 3 dropped\n');
    expect((await dead(site, 0, 'list')).stdout).toBe('0 of 0 dead letter(s)\n');
    expect((await readdir(site.directory)).filter((name) => name.endsWith('.part'))).toEqual([]);
  },
  180_000,
);

/** With a terminal, on which `answer` is typed once it is asked. */
async function atTerminal(
  site: Site,
  args: readonly string[],
  answer: string,
): Promise<{ code: number | null; text: string }> {
  const command = [process.execPath, MAIN, 'dead', ...args, '-c', 'receiptd.yaml'].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: site.directory,
    env: { PATH: process.env.PATH, HOME: site.directory, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    if (!text.includes('[y/N]') && `${text}${piece}`.includes('[y/N]')) child.stdin.write(answer);
    text += piece;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

it('asks a person before it changes what nobody has named', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(2);
  await site.write('fussy.mjs', FUSSY);
  const daemon = await site.daemon(
    configFor(cloud, { pipeline: { attempts: 1 }, sinks: [{ type: 'module', path: 'fussy.mjs' }] }),
  );
  await until('all to be acknowledged', () => cloud.queue(QUEUE).deleted === 2);
  expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });

  for (const answer of ['\r', '\u0003']) {
    const { code, text } = await atTerminal(site, ['drop', '--all'], answer);
    expect(text).toContain('2 dead letters of 1 queue match. Drop them? [y/N]');
    expect(text).toContain('error: nothing was dropped');
    expect(code).toBe(1);
  }
  expect(await atTerminal(site, ['drop', '--reason', 'nothing'], 'y\r')).toMatchObject({ code: 0 });
  expect((await dead(site, 0, 'list')).stdout).toMatch(/^2 of 2 dead letter\(s\)$/m);
  const { code, text } = await atTerminal(site, ['drop', '--reason', 'order'], 'y\r');
  expect([code, text]).toEqual([0, expect.stringContaining('2 dead letter(s) dropped')]);
  expect((await dead(site, 0, 'list')).stdout).toBe('0 of 0 dead letter(s)\n');
}, 180_000);
