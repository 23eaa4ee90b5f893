/** docs/configuration.md is generated here, with `npm run docs`; without that this tells whether it is up to date. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { configurationDoc } from '../../scripts/configuration-doc.js';
import { configJsonSchema, configKeys } from '../../src/config/keys.js';

const DOC = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));

test('docs/configuration.md is what the schema says', async () => {
  await expect(configurationDoc(configJsonSchema), 'out of date: run `npm run docs`').toMatchFileSnapshot(
    DOC,
  );
});

test('it has every key with its variable, and a meaning for each', () => {
  const doc = configurationDoc(configJsonSchema);
  for (const { env } of configKeys) expect(doc).toContain(`\`${env}\``);
  expect(doc).not.toMatch(/undefined|NaN|\[object/);
  const rows = doc.split('\n').filter((line) => line.startsWith('| `'));
  const meaningless = rows.filter(
    (row) => (row.split(/(?<!\\)\|/)[4] ?? '').trim() === '' && !row.startsWith('| `type`'),
  );
  expect(meaningless).toEqual([]);
});
