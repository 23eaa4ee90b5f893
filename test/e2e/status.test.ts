/** `receiptd status`: asked once by a script, and watched by somebody before a terminal. */
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import type { Status } from '../../src/ops/index.js';
import { freePort } from '../support/ports.js';
import { configFor, QUEUE, Site, startCloud } from '../support/site.js';
import { Terminal } from '../support/terminal.js';
import { until } from '../support/until.js';

const ENTER = '\x1b[?1049h';
/** Wraps lines, shows the cursor, and has the old screen. */
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';

it('answers once, as text and as JSON, and is watched on a terminal until Ctrl-C', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(30);
  const daemon = await site.daemon(configFor(cloud));
  await daemon.untilReady();
  await until('an empty queue', () => cloud.queue(QUEUE).deleted === 30);
  const once = await site.run(['status', '--url', daemon.opsUrl]);
  expect(once.exited?.code).toBe(0);
  expect(once.stdout).toMatch(new RegExp(`^receiptd \\S+, process ${daemon.pid}, up .*\\nready\\n`));
  expect(once.stdout).toMatch(new RegExp(`\\n${QUEUE} `));
  expect(once.stdout).toContain('received 30, delivered 30');
  expect(once.stdout).not.toContain('\x1b');
  const json = await site.run(['status', '--url', daemon.opsUrl, '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ ready: true, pid: daemon.pid });

  await using terminal = new Terminal(['status', '--watch', '--interval', '0.2', '--url', daemon.opsUrl], 30);
  await terminal.shows(/\bready\b[\s\S]*received 30, delivered 30[\s\S]*delivered\/s, up to/);
  cloud.generate(QUEUE, 20);
  await terminal.shows(/received 50, delivered 50[\s\S]*[▂-█]/);
  // In one window after the other, each picture whole.
  terminal.resize(6, 60);
  await terminal.shows(/… \d+ more line\(s\): make the window larger$/);
  expect(terminal.picture.split('\r\n')).toHaveLength(6);
  terminal.resize(30, 100);
  await terminal.shows(/delivered\/s, up to/);
  expect(terminal.output.split(ENTER)).toHaveLength(2);
  terminal.type('x\x03');
  expect(await terminal.end()).toEqual({ code: 0, signal: null });
  expect(terminal.output.endsWith(LEAVE)).toBe(true);

  await using watched = new Terminal(['status', '-w', '--interval', '0.2', '--url', daemon.opsUrl]);
  await watched.shows(/\bready\b/);
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
  await watched.shows(
    /no answer from .*is the daemon running\?[\s\S]*what it said \d+ s ago:[\s\S]*received 50/,
  );
  watched.signal('SIGTERM');
  expect(await watched.end()).toEqual({ code: 1, signal: null });
  expect(watched.output.endsWith(LEAVE)).toBe(true);
});

it('writes one object a line with --watch --json, also while there is no answer, and gives up when refused', async () => {
  await using site = await Site.create();
  await using cloud = await startCloud(0);
  const port = await freePort();
  const token = 'a-token-of-16-chars';
  const url = `http://127.0.0.1:${port}`;
  const watching = site.start(['status', '--watch', '--json', '--interval', '0.2', '--url', url], {
    RECEIPTD_OPS_TOKEN: token,
  });
  const lines = () =>
    watching.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Status);
  await until('a line', () => lines().length > 0);
  expect(lines()[0]).toEqual({ ready: false, reasons: [expect.stringMatching(/^no answer from /)] });
  const daemon = await site.daemon(configFor(cloud, { ops: { port, token } }));
  await daemon.untilReady();
  await until('it to be ready', () => lines().at(-1)?.ready);
  expect(lines().at(-1)).toMatchObject({ pid: daemon.pid, queues: [{ queueName: QUEUE }] });
  expect(await watching.end('SIGINT')).toEqual({ code: 0, signal: null });
  const secret = await site.write('ops-token', `${token}\n`);
  const ask = (env: Record<string, string>) => site.run(['status', '--url', url], env);
  expect((await ask({ RECEIPTD_OPS_TOKEN_FILE: secret })).exited?.code).toBe(0);
  expect((await ask({ RECEIPTD_OPS_TOKEN: 'another-token-of-ops' })).stderr).toMatch(
    /^error: .*does not know this ops\.token: take that of the daemon/,
  );
  await using terminal = new Terminal(['status', '--watch', '--url', url]);
  expect(await terminal.end()).toEqual({ code: 1, signal: null });
  const [, after = ''] = terminal.output.split(LEAVE);
  expect(after.trim()).toMatch(
    /^error: .*asks for ops\.token: set RECEIPTD_OPS_TOKEN, or name the configuration/,
  );
  expect(await daemon.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

it('says in one line why there is no answer', async () => {
  await using site = await Site.create();
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as { port: number };
  const places = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${port}`];
  const asked = await Promise.all(places.map((url) => site.run(['status', '--url', url])));
  for (const child of asked) {
    expect(child.exited?.code).toBe(1);
    expect(child.stdout).toBe('');
    expect(child.stderrLines).toEqual([
      expect.stringMatching(/^error: no answer from http:.*is the daemon running/),
    ]);
  }
  silent.close();
  const wrong = await site.run(['status', '--interval', '0']);
  expect(wrong.exited?.code).toBe(2);
  expect(wrong.stderr).toMatch(/number of seconds from 0\.2 to 3600/);
});
