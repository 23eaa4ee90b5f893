/** The first thing a newcomer types. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { Site } from '../support/site.js';

it('shows the whole way on sample receipts, and ends by itself', async () => {
  await using site = await Site.create();
  const demo = await site.run(['demo'], { TMPDIR: site.directory });
  expect(demo.stderr).toBe('');
  expect(await demo.end()).toEqual({ code: 0, signal: null });
  expect(demo.stdout).toMatch(/^received +200$/m);
  expect(demo.stdout).toMatch(/^delivered +198$/m);
  expect(demo.stdout).toMatch(/^dead letters +2 /m);
  expect(demo.stdout).toMatch(/^acknowledged +200$/m);
  const output = /^output +(\S+)$/m.exec(demo.stdout)?.[1] ?? '';
  expect(output.startsWith(site.directory)).toBe(true);
  const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
  const events = lines.map(
    (line) => JSON.parse(line) as { id: string; specversion: string; messagetype: string },
  );
  expect(events).toHaveLength(198);
  expect(new Set(events.map(({ id }) => id)).size).toBe(198);
  expect(new Set(events.map(({ messagetype }) => messagetype)).size).toBe(4);
});
