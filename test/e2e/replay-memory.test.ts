/** Memory stays flat, however long a file is. */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { expect, it } from 'vitest';
import { captureLine } from '../../src/message-file/index.js';
import { captured } from '../replay/support.js';
import { Child } from '../support/child.js';
import { Site } from '../support/site.js';

const LINES = 200_000;
/** Of what the file unpacks to, 120 MB; a process that kept the messages would need several times as much. */
const MOST_BYTES = 200 * 1000 ** 2;

function* lines(): Generator<string> {
  for (let start = 0; start < LINES; start += 1_000) {
    yield Array.from({ length: 1_000 }, (_, index) => captureLine(captured(start + index))).join('');
  }
}

/** The most memory that a process has had, in bytes; 0 where the system does not tell, or it is gone. */
function peak(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

it('looks through 200,000 gzipped messages in little memory', async ({ annotate }) => {
  await using site = await Site.create();
  const file = await open(site.path('a.ndjson.gz'), 'w');
  await pipeline(Readable.from(lines()), createGzip({ level: 1 }), file.createWriteStream());
  const child = new Child(['replay', '--dry-run', '--json', 'a.ndjson.gz'], { cwd: site.directory });
  let most = 0;
  const watching = setInterval(() => {
    most = Math.max(most, peak(child.pid));
  }, 20);
  const exit = await child.end().finally(() => clearInterval(watching));
  expect(exit, child.stderr).toEqual({ code: 0, signal: null });
  const { types, rate } = JSON.parse(child.stdout);
  expect(types.SmsReport.counts).toEqual({ ok: LINES, drifted: 0, undecodable: 0, failed: 0 });
  await annotate(`${Math.round(most / 1024 ** 2)} MiB at most, ${rate} messages a second`);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(MOST_BYTES);
}, 120_000);
