/** `receiptd dead`, beside a running daemon and without one, over both stores. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Child } from '../support/child.js';
import { TestRedis } from '../support/redis.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { until } from '../support/until.js';

/** Refuses everything until there is a file `healed`. */
const FUSSY = `
  import { appendFileSync, existsSync } from 'node:fs';
  export default {
    default(event) {
      if (!existsSync('healed')) throw new Error('no order for ' + event.data.phone_number);
      appendFileSync('handled', event.id + '\\n');
    },
  };`;

interface Page {
  total: number;
  deadLetters: { messageId: string; reason: string; attempts: number; queueName: string }[];
}

function json<T>({ stdout }: Child): T {
  return JSON.parse(stdout) as T;
}

it.each(['embedded', 'redis'] as const)(
  'shows, retries and drops dead letters: %s',
  async (backend) => {
    await using redis = backend === 'redis' ? await TestRedis.start() : undefined;
    await using site = await Site.create();
    await using cloud = await startCloud(3);
    const queue = cloud.queue(QUEUE);
    const [healing = '', dropped = '', last = ''] = queue.messages.map(({ id }) => id);
    const broken = cloud.sendBody(QUEUE, 'not base64 {');
    await site.write('fussy.mjs', FUSSY);
    const config = configFor(cloud, {
      pipeline: { attempts: 1, ...(redis && { backend: 'redis', url: redis.url }) },
      sinks: [{ type: 'module', path: 'fussy.mjs' }],
    });
    const dead = async (code: number, ...args: string[]): Promise<Child> => {
      const child = await site.run(['dead', ...args, '-c', 'receiptd.yaml']);
      expect(await child.end(), child.stderr).toEqual({ code, signal: null });
      return child;
    };
    const handled = async () => {
      const text = await readFile(site.path('handled'), 'utf8').catch(() => '');
      return text.split('\n').filter((id) => id !== '');
    };

    const daemon = await site.daemon(config);
    await until('all to be acknowledged', () => queue.deleted === 4);
    await daemon.untilReady();

    const list = await dead(0, 'list');
    for (const id of [healing, dropped, last, broken]) expect(list.stdout).toContain(id);
    expect(list.stdout).toMatch(/^4 of 4 dead letter\(s\)$/m);
    expect(list.stdout).toMatch(/no order for 139\*{4}00/);
    expect((await dead(0, 'list', '--limit', '1')).stdout).toMatch(/^1 of 4 dead letter\(s\)$/m);
    const page = json<Page>(await dead(0, 'list', '--json', '--queue', QUEUE));
    expect(page.total).toBe(4);
    expect(page.deadLetters.map(({ messageId }) => messageId).sort()).toEqual(
      [healing, dropped, last, broken].sort(),
    );

    expect(json(await dead(0, 'show', healing))).toMatchObject({
      messageId: healing,
      queueName: QUEUE,
      attempts: 1,
      event: { id: healing, messagetype: 'SmsReport', data: { phone_number: '13900000000' } },
    });
    expect(json(await dead(0, 'show', broken))).toMatchObject({ messageId: broken, body: 'not base64 {' });
    expect((await dead(1, 'show', 'nobody')).stderr).toBe('error: no dead letter nobody\n');
    expect((await dead(2, 'drop')).stderr).toBe(
      'error: name the dead letters by id, by a filter such as --reason, or say --all\n',
    );
    // Nobody is there to be asked.
    for (const args of [['--all'], ['--reason', 'no order'], ['--queue', QUEUE]])
      expect((await dead(2, 'drop', ...args)).stderr).toBe(
        'error: this may match many dead letters and nobody can be asked: say --yes\n',
      );
    expect((await dead(2, 'retry', '--queue', 'gone', '--yes')).stderr).toMatch(
      /^error: --queue: gone is not configured, configured are Alicom-.*once it is among queues\n$/,
    );
    const undecodable = json<Page>(
      await dead(0, 'list', '--json', '--reason', '/^UNDECODABLE/i', '--since', '1h'),
    );
    expect([undecodable.total, undecodable.deadLetters[0]?.messageId]).toEqual([1, broken]);
    expect((await dead(0, 'list', '--type', 'SmsUp')).stdout).toBe('0 of 0 dead letter(s)\n');
    expect((await dead(0, 'list', '--until', '1h')).stdout).toBe('0 of 0 dead letter(s)\n');

    await site.write('healed', '');
    expect((await dead(0, 'retry', healing)).stdout).toBe('1 dead letter(s) put back\n');
    await until('the retried one to be handled', async () => (await handled()).includes(healing));
    expect(json(await dead(0, 'drop', dropped, '--json'))).toEqual({ done: 1, missing: [] });
    const gone = await dead(1, 'drop', dropped, 'nobody');
    expect(gone.stderr).toBe(`no dead letter ${dropped}\nno dead letter nobody\n`);
    expect(await daemon.end('SIGTERM'), daemon.stderr).toEqual({ code: 0, signal: null });

    // Nobody has the store now.
    const rest = json<Page>(await dead(0, 'list', '--json'));
    expect(rest.deadLetters.map(({ messageId }) => messageId).sort()).toEqual([last, broken].sort());
    expect((await dead(1, 'show', dropped)).stderr).toBe(`error: no dead letter ${dropped}\n`);
    expect((await dead(0, 'retry', '--all', '--yes')).stdout).toBe('2 dead letter(s) put back\n');

    const again = await site.daemon(config);
    await until('the other retried one to be handled', async () => (await handled()).includes(last));
    // What cannot be decoded is a dead letter once more.
    await until('one dead letter', async () => (await again.deadLetters()) === 1);
    expect(await again.end('SIGTERM'), again.stderr).toEqual({ code: 0, signal: null });
    expect((await dead(0, 'drop', '--all', '--yes')).stdout).toBe('1 dead letter(s) dropped\n');
    expect(json<Page>(await dead(0, 'list', '--json')).total).toBe(0);
    expect((await handled()).sort()).toEqual([healing, last].sort());
    expect(queue.counters()).toMatchObject({ sent: 4, deleted: 4 });
  },
  120_000,
);
