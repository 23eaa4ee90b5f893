import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type CapturedMessage, captureLine } from '../../src/message-file/index.js';
import { readAll, shown } from './read-all.js';

/** Any UTF-16 code units, halves of surrogate pairs among them. */
const text = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 30 });
const message: fc.Arbitrary<CapturedMessage> = fc
  .record({
    messageId: text,
    queueName: text,
    messageType: text,
    body: text,
    enqueueTime: fc.maxSafeNat(),
    dequeueCount: fc.nat(),
    receivedAt: fc.maxSafeNat(),
    mnsHost: fc.option(text, { nil: undefined }),
  })
  .map(({ mnsHost, ...rest }) => (mnsHost === undefined ? rest : { ...rest, mnsHost }));
const messages = fc.array(message, { maxLength: 8 });
const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });

it('reads back whatever capture lines hold, however they are cut', async () => {
  await fc.assert(
    fc.asyncProperty(messages, sizes, fc.boolean(), async (list, cut, gzip) => {
      const content = list.map(captureLine).join('');
      const entries = await readAll(gzip ? gzipSync(content) : content, cut);
      expect(shown(entries)).toEqual(list.map((one, i) => ({ line: i + 1, ...one })));
    }),
  );
});

it('reads back arrays of them, and of any JSON, printed in any way', async () => {
  const values = fc.array(fc.oneof(message, fc.dictionary(fc.string(), fc.jsonValue())), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(values, sizes, fc.constantFrom(0, 1, '\t'), async (list, cut, indent) => {
      const entries = await readAll(JSON.stringify(list, null, indent), cut);
      const back = entries.map(({ at, ...entry }) =>
        'messageId' in entry ? entry : JSON.parse(bodyOf(entry)),
      );
      expect(back).toEqual(JSON.parse(JSON.stringify(list)));
    }),
  );
});

it('reads the same whatever the content and the chunks, and never throws', async () => {
  const token = fc.constantFrom(
    ...['[', ']', '{', '}', ',', ':', '"', '\\', '\n', '\r', ' ', '1', 'a', '"a":', '{"a":1}', '[{', '}]'],
    ...[
      '<Message>',
      '</Message>',
      '<MessageBody>',
      '</MessageBody>',
      '<Messages>',
      '</Messages>',
      '<?xml ?>',
      '<',
    ],
    ...[
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<Error>',
      '</Error>',
      'HTTP/1.1 200 OK\r\n',
      'A: b\r\n',
      '\ufeff',
      'é',
    ],
  );
  const content = fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(''));
  await fc.assert(
    fc.asyncProperty(content, sizes, async (any, cut) => {
      expect(shown(await readAll(any, cut))).toEqual(shown(await readAll(any)));
    }),
    { numRuns: 1000 },
  );
});

it('writes the keys in the order that is documented', () => {
  const line = captureLine({
    mnsHost: 'h',
    receivedAt: 3,
    dequeueCount: 2,
    enqueueTime: 1,
    body: 'b\n\ud800',
    messageType: 't',
    queueName: 'q',
    messageId: 'm',
  });
  expect(line).toBe(
    '{"messageId":"m","queueName":"q","messageType":"t","body":"b\\n\\ud800","enqueueTime":1,"dequeueCount":2,"receivedAt":3,"mnsHost":"h"}\n',
  );
});

function bodyOf(entry: object): string {
  return 'body' in entry ? String(entry.body) : JSON.stringify(entry);
}
