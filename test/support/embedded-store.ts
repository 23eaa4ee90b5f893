/**
 * Making an embedded store takes seconds of CPU, and tests begin with many: one is made before all of them, and copied. Some
 * tests make their own all the same.
 */
import { existsSync } from 'node:fs';
import { constants, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedBackend } from '../../src/pipeline/index.js';

/** Where workers find it. */
const VARIABLE = 'TEST_EMBEDDED_STORE';

/** @returns what removes it */
export async function makeEmbeddedStore(): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'receiptd-embedded-'));
  const backend = await EmbeddedBackend.open(directory);
  await backend.close();
  process.env[VARIABLE] = directory;
  return () => rm(directory, { recursive: true, force: true });
}

/** Puts an empty store where there is none. */
export async function placeEmbeddedStore(dataDir: string): Promise<void> {
  const made = process.env[VARIABLE];
  if (made === undefined || existsSync(join(dataDir, 'pgdata'))) return;
  // A test may want it where none can be.
  await cp(made, dataDir, { recursive: true, mode: constants.COPYFILE_FICLONE }).catch(() => {});
}
