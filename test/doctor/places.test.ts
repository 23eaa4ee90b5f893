import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ConfigInput, parseConfig } from '../../src/config/index.js';
import { dataDirCheck, environmentCheck, opsCheck } from '../../src/doctor/places.js';
import { type Check, runChecks } from '../../src/doctor/run-checks.js';
import { DataDirLock } from '../../src/pipeline/index.js';
import { directoryWritable } from '../../src/writable.js';
import { freePort } from '../support/ports.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-places-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const config = (more: Partial<ConfigInput>) =>
  parseConfig({ queues: [{ messageType: 'SmsReport', queueName: 'q' }], ...more });

async function look(check: Check) {
  const [result] = await runChecks([check]);
  return result;
}

it('tells of certificates that are not checked', async () => {
  expect(await look(environmentCheck({}))).toMatchObject({
    status: 'ok',
    found: `Node ${process.versions.node} on ${process.platform}-${process.arch}`,
  });
  expect(await look(environmentCheck({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }))).toMatchObject({
    status: 'warn',
    found: expect.stringMatching(/no certificate is checked/),
  });
});

it('looks at directories without making them', async () => {
  const missing = join(directory, 'a', 'b');
  expect((await directoryWritable(missing)).found).toMatch(
    /a\/b can be written to, will be made in .*, \S+ \wiB free$/,
  );
  expect((await directoryWritable(missing)).status).toMatch(/ok|warn/);
  await writeFile(join(directory, 'file'), '');
  expect(await directoryWritable(join(directory, 'file', 'below'))).toMatchObject({
    status: 'fail',
    found: expect.stringMatching(/file is no directory$/),
  });
});

it.runIf(process.getuid?.() !== 0)('tells of a directory that may not be written to', async () => {
  const readonly = join(directory, 'readonly');
  await mkdir(readonly, { mode: 0o500 });
  expect(await directoryWritable(join(readonly, 'data'))).toMatchObject({
    status: 'fail',
    found: expect.stringMatching(/readonly cannot be written to \(EACCES\)/),
  });
});

it('says who has the data directory, and leaves it to them', async () => {
  const dataDir = join(directory, 'data');
  const check = dataDirCheck(config({ pipeline: { dataDir } }));
  expect((await look(check))?.found).not.toMatch(/in use/);
  const lock = await DataDirLock.take(dataDir);
  lock.announce('http://127.0.0.1:8090');
  expect((await look(check))?.found).toMatch(
    new RegExp(`in use by receiptd with process id ${process.pid}, ops at http://127\\.0\\.0\\.1:8090$`),
  );
  expect(await DataDirLock.owner(dataDir)).toMatchObject({ pid: process.pid });
  await lock.release();
});

it('tells a free port from one that a receiptd or another program has', async () => {
  const port = await freePort();
  const check = opsCheck(config({ ops: { port } }));
  expect(await look(check)).toMatchObject({ status: 'ok', found: `127.0.0.1:${port} is free` });
  const other = createServer((socket) => socket.end('SSH-2.0\r\n')).listen(port, '127.0.0.1');
  await once(other, 'listening');
  expect(await look(check)).toMatchObject({
    status: 'fail',
    found: `cannot listen on 127.0.0.1:${port} (EADDRINUSE)`,
    advice: expect.stringMatching(/another ops\.port/),
  });
  other.close();
  const daemon = createHttpServer((request, response) =>
    response.end(request.url === '/livez' ? '{"live":true}' : ''),
  ).listen(0, '127.0.0.1');
  await once(daemon, 'listening');
  const taken = (daemon.address() as AddressInfo).port;
  expect(await look(opsCheck(config({ ops: { port: taken } })))).toMatchObject({
    status: 'ok',
    found: `127.0.0.1:${taken} is answered by a running receiptd`,
  });
  daemon.close();
  expect(await look(opsCheck(config({ ops: { port: 0 } })))).toMatchObject({ status: 'ok' });
  expect(
    await look(opsCheck(config({ ops: { host: '192.0.2.1', port, token: 'a-token-of-16-chars' } }))),
  ).toMatchObject({ status: 'fail', advice: expect.stringMatching(/address of this machine/) });
});
