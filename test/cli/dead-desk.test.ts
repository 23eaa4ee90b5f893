/** Whom `receiptd dead` turns to when the embedded store is taken. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { atDesk } from '../../src/cli/dead-desk.js';
import { OpsClient } from '../../src/cli/ops-client.js';
import { parseConfig } from '../../src/config/index.js';
import { DataDirLock } from '../../src/pipeline/index.js';

let dataDir: string;
let lock: DataDirLock;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'receiptd-desk-'));
  lock = await DataDirLock.take(dataDir);
});

afterEach(async () => {
  await lock.release();
  await rm(dataDir, { recursive: true });
});

const config = () =>
  parseConfig({ queues: [{ messageType: 'SmsReport', queueName: 'q' }], pipeline: { dataDir } });

test('a daemon that is not yet to be reached is waited for', async () => {
  const desk = atDesk(config(), async (found) => found);
  setTimeout(() => lock.announce('http://127.0.0.1:1'), 300);
  expect(await desk).toBeInstanceOf(OpsClient);
});

test('one that never says where it can be reached is named, with what to do', async () => {
  await expect(atDesk(config(), async () => {}, 300)).rejects.toMatchObject({
    code: 'DATA_DIR_IN_USE',
    message: `pipeline.dataDir: ${dataDir} is in use by receiptd with process id ${process.pid}, which does not say where it can be reached: try again`,
  });
});
