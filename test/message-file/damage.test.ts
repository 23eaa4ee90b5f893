import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { captureLine, isUnreadable } from '../../src/message-file/index.js';
import { readAll, readFrom, shown } from './read-all.js';

const line = (n: number) =>
  captureLine({
    messageId: `M${n}`,
    queueName: 'q',
    messageType: 'SmsReport',
    // Hardly compressible, so that positions in the gzip file are positions in the text.
    body: Buffer.from(
      Array.from({ length: 60 }, (_, i) => (n * 7919 + i * i * 31 + ((n * i) % 13)) & 0xff),
    ).toString('base64'),
    enqueueTime: 1,
    dequeueCount: 1,
    receivedAt: 2,
  });
const lines = (count: number, from = 0) => Array.from({ length: count }, (_, i) => line(from + i)).join('');

describe('damaged gzip', () => {
  it('yields all lines before the end that is missing, then says so', async () => {
    const whole = gzipSync(lines(2000));
    for (const sizes of [[1 << 20], [1000]]) {
      const entries = await readAll(whole.subarray(0, Math.floor(whole.length / 2)), sizes);
      const last = entries.pop();
      expect(entries.length).toBeGreaterThan(500);
      expect(entries.map((entry) => 'messageId' in entry && entry.messageId)).toEqual(
        entries.map((_, i) => `M${i}`),
      );
      expect(last).toMatchObject({
        unreadable: expect.stringContaining('the file is cut off'),
        at: { line: entries.length + 1 },
      });
    }
  });

  it('yields every line of a file that was flushed and never ended', async () => {
    const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    const flushed = deflateRawSync(lines(50), { finishFlush: constants.Z_SYNC_FLUSH });
    const entries = await readAll(Buffer.concat([header, flushed]));
    expect(entries).toHaveLength(51);
    expect(entries[50]).toMatchObject({ unreadable: expect.stringContaining('cut off'), at: { line: 51 } });
  });

  it('keeps a last line that lacks nothing but its line feed, and drops a half one', async () => {
    const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    const cut = async (text: string) =>
      readAll(Buffer.concat([header, deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH })]));
    expect(await cut(lines(2).trimEnd())).toMatchObject([
      { messageId: 'M0' },
      { messageId: 'M1' },
      { at: { line: 2 } },
    ]);
    expect(await cut(lines(2).slice(0, -5))).toMatchObject([{ messageId: 'M0' }, { at: { line: 2 } }]);
    expect(await cut('eyJhIjoxfQ==\neyJh')).toMatchObject([{ body: 'eyJhIjoxfQ==' }, { at: { line: 2 } }]);
  });

  it('reads on at the next member after one that is damaged', async () => {
    const members = [gzipSync(lines(10)), gzipSync(lines(10, 10)), gzipSync(lines(10, 20))];
    members[1]?.fill(0xff, 12, 40);
    for (const sizes of [[1 << 20], [1]]) {
      const entries = await readAll(Buffer.concat(members), sizes);
      const ids = entries.map((entry) => ('messageId' in entry ? entry.messageId : 'damage'));
      expect(ids.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => `M${i}`));
      expect(ids.slice(-10)).toEqual(Array.from({ length: 10 }, (_, i) => `M${20 + i}`));
      expect(ids.filter((id) => id === 'damage')).toHaveLength(1);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('yields all lines before the damage of a file, which can be read twice', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'message-file-'));
    try {
      const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
      // Behind a flush; a reserved type of block comes next.
      for (const count of [1, 20, 5000]) {
        const good = deflateRawSync(lines(count), { finishFlush: constants.Z_SYNC_FLUSH });
        const path = join(dir, `${count}`);
        await writeFile(
          path,
          Buffer.concat([gzipSync(line(7)), header, good, Buffer.alloc(5000, 0xff), gzipSync(line(8))]),
        );
        const entries = await readFrom(path);
        expect(entries.map((entry) => ('messageId' in entry ? entry.messageId : 'damage'))).toEqual([
          'M7',
          ...Array.from({ length: count }, (_, i) => `M${i}`),
          'damage',
          'M8',
        ]);
      }
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it('yields what stands before a damage in the middle of a long member', async () => {
    const whole = Buffer.from(gzipSync(lines(20_000)));
    const middle = Math.floor(whole.length / 2);
    // A reserved block type, whatever the bit position.
    whole.fill(0xff, middle, middle + 2000);
    const entries = await readAll(whole);
    const damage = entries.findIndex(isUnreadable);
    expect(damage).toBeGreaterThan(5000);
    const before = entries.slice(0, 5000).map((entry) => 'messageId' in entry && entry.messageId);
    expect(before).toEqual(Array.from({ length: 5000 }, (_, i) => `M${i}`));
  });

  it('takes zeros behind a member as padding, and says when something else follows', async () => {
    const member = gzipSync('a\n');
    expect(shown(await readAll(Buffer.concat([member, Buffer.alloc(5000)])))).toEqual([
      { line: 1, body: 'a' },
    ]);
    expect(shown(await readAll(Buffer.concat([member, Buffer.alloc(5000), member]), [1]))).toEqual([
      { line: 1, body: 'a' },
      { line: 2, body: 'a' },
    ]);
    for (const filling of [Buffer.alloc(0), Buffer.alloc(3000)]) {
      const entries = await readAll(Buffer.concat([member, filling, Buffer.from('junk'), member]), [1]);
      expect(entries).toHaveLength(3);
      expect(entries[1]).toMatchObject({ unreadable: expect.stringContaining('lost') });
    }
  });

  it('ends well for a file that is nothing but the start of gzip', async () => {
    expect(await readAll(Buffer.from([0x1f, 0x8b, 0x08]))).toMatchObject([
      { unreadable: expect.any(String) },
    ]);
    expect(shown(await readAll(Buffer.from([0x1f])))).toEqual([{ line: 1, body: '\x1f' }]);
    expect(shown(await readAll(Buffer.from([0x1f, 0x8b])))).toEqual([{ line: 1, body: 'H4s=' }]);
  });
});

describe('bytes that are not UTF-8', () => {
  it('become a body of base64, in lines, arrays and XML', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
    const entries = await readAll(
      Buffer.concat([
        bytes,
        Buffer.from('\r\n["'),
        bytes,
        Buffer.from('"]\n\ufffd\n<Message>'),
        bytes,
        Buffer.from('</Message>'),
      ]),
    );
    expect(shown(entries)).toEqual([
      { line: 1, body: bytes.toString('base64') },
      { line: 2, body: Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')]).toString('base64') },
      { line: 3, body: '\ufffd' },
      { line: 4, body: expect.any(String) },
    ]);
  });
});

describe('broken structure', () => {
  it('of an array is said, and the next line that starts a value goes on', async () => {
    const content = '[\n {"a":1,\n {"b":2},\n {"c":3} oops,\n {"d":"x\n},\n {"e":5}\n {"f":6},\n]\neyJ9\n';
    for (const sizes of [[1 << 20], [1]]) {
      expect(shown(await readAll(content, sizes))).toEqual([
        '2: broken JSON in an array: unexpected "{"; skipped to the next line that starts a value',
        { line: 3, body: '{"b":2}' },
        { line: 4, body: '{"c":3}' },
        expect.stringMatching(/^4: broken JSON in an array: /),
        expect.stringMatching(/^5: broken JSON in an array: the line ends inside a text/),
        { line: 7, body: '{"e":5}' },
        { line: 8, body: '{"f":6}' },
        { line: 10, body: 'eyJ9' },
      ]);
    }
  });

  it('of an array on one line costs the rest of that line only', async () => {
    expect(shown(await readAll('[{"a":1},{"a" 2},{"a":3}]\n{"b":1}\n', [1]))).toEqual([
      { line: 1, body: '{"a":1}' },
      expect.stringMatching(/^1: broken JSON/),
      { line: 2, body: '{"b":1}' },
    ]);
  });

  it('never ends a file in silence', async () => {
    for (const content of ['[{"a":1},', '[{"a":1}', '[', '[{"a":1},{"b":[1', '["x']) {
      expect(shown(await readAll(content, [1])).at(-1)).toMatch(/^1: the file ends inside/);
    }
    for (const content of ['{\n"a":1', '{\n"a":[\n']) {
      expect(shown(await readAll(content, [1]))).toEqual(['1: the file ends inside a JSON object']);
    }
    for (const content of [
      '<Messages>',
      '<Message><MessageBody>x',
      '<?xml ver',
      '<Messages><Message><MessageBody>x</Message',
    ]) {
      expect(shown(await readAll(content, [1])).at(-1)).toMatch(/^1: the file ends inside/);
    }
  });

  it('of a first capture line leaves the others alone', async () => {
    for (const cut of [20, 45, 70, 120]) {
      const content = `${line(1).slice(0, cut)}\n${lines(3, 2)}`;
      const entries = await readAll(content, [1]);
      expect(entries).toMatchObject([
        { body: line(1).slice(0, cut) },
        { messageId: 'M2' },
        { messageId: 'M3' },
        { messageId: 'M4' },
      ]);
    }
  });

  it('of an object over several lines is said, and the next one goes on', async () => {
    expect(shown(await readAll('{\n"a":1\n"b":2\n}\n{\n"c":3\n}\n', [1]))).toEqual([
      expect.stringMatching(/^1: broken JSON object: unexpected "\\""/),
      { line: 5, body: '{\n"c":3\n}' },
    ]);
  });

  it('of XML is said, and the next message goes on', async () => {
    const good = '<Message><MessageBody>b</MessageBody></Message>';
    const content = `<Messages><Message><MessageBody>x\n<?xml version="1.0"?><Messages>text${good}</Messages><Message><MessageBody>x</Body></Message>\n${good}`;
    for (const sizes of [[1 << 20], [1]]) {
      expect(shown(await readAll(content, sizes))).toEqual([
        '1: <Message> is cut short',
        '2: text between the elements of <Messages>; skipped to the next one',
        { line: 2, body: 'b' },
        expect.stringMatching(/^2: a <Message> that is not XML: /),
        { line: 3, body: 'b' },
      ]);
    }
  });
});

describe('hostile content', () => {
  it('that resembles a captured message is a receipt, or is named', async () => {
    const content = [
      '{"messageId":1}',
      '{"messageId":"1","body":{}}',
      '{"__proto__":{"messageId":"p","body":"b"}}',
      '{"messageId":"1","body":"b","queueName":5}',
      '{"messageId":"1","body":"b","mnsHost":[]}',
      '{"messageId":"1","body":"b","enqueueTime":"yesterday"}',
      '{"messageId":"1","body":"b","enqueueTime":"2024-05-27T19:30:14"}',
      '{"messageId":"1","body":"b","enqueueTime":1e999}',
      '{"messageId":"1","body":"b","dequeueCount":"1"}',
      '{"messageId":"1","body":"b","__proto__":{"queueName":"q"}}',
    ];
    const entries = shown(await readAll(content.join('\n')));
    expect(entries.slice(0, 3)).toEqual(content.slice(0, 3).map((body, i) => ({ line: i + 1, body })));
    expect(entries.slice(3, 9)).toEqual([
      expect.stringMatching(/^4: .*queueName/),
      expect.stringMatching(/^5: .*mnsHost/),
      expect.stringMatching(/^6: .*enqueueTime/),
      expect.stringMatching(/^7: .*enqueueTime/),
      expect.stringMatching(/^8: .*enqueueTime/),
      expect.stringMatching(/^9: .*dequeueCount/),
    ]);
    expect(entries[9]).toEqual({ line: 10, messageId: '1', body: 'b' });
    expect(Object.getPrototypeOf(entries[9])).toBe(Object.prototype);
  });

  it('nested deep is a body like any other', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const bodies = async (content: string) =>
      (await readAll(content, [4096])).map((entry) => 'body' in entry && entry.body);
    // Not by toEqual, which would print them.
    expect((await bodies(`{"a":${deep}}\n[${deep}]\n`)).join() === `{"a":${deep}},${deep}`).toBe(true);
    expect((await bodies(`{\n"a":${deep}}\n`)).join() === `{\n"a":${deep}}`).toBe(true);
    expect(shown(await readAll('[{"a":'.repeat(50_000)))).toEqual([
      '1: the file ends inside an element of a JSON array',
    ]);
  });

  it('in XML neither expands nor pollutes', async () => {
    const entries = await readAll(
      [
        '<Message><MessageBody>&lol;&#0;&#xD800;</MessageBody></Message>',
        '<Message><__proto__>1</__proto__><MessageBody>a</MessageBody></Message>',
        '<Message><MessageBody>a</MessageBody><MessageBody>b</MessageBody></Message>',
        `<Message><MessageBody>${'&quot;'.repeat(20_000)}</MessageBody></Message>`,
      ].join('\n'),
    );
    expect(shown(entries)).toEqual([
      { line: 1, body: '&lol;&#0;&#xD800;' },
      expect.stringMatching(/^2: a <Message> that is not XML/),
      '3: a <Message> with two bodies',
      { line: 4, body: '"'.repeat(20_000) },
    ]);
  });
});

describe('more than 16 MiB in one piece', () => {
  const huge = 'x'.repeat(17 * 1024 * 1024);
  const skipped = (at: number) => `${at}: longer than 16 MiB, which no message is: skipped`;

  it.each([
    ['a line', `a\n${huge}\nb\n`, [{ line: 1, body: 'a' }, skipped(2), { line: 3, body: 'b' }]],
    [
      'a captured message',
      `{"a":1}\n{"b":"${huge}"}\n{"c":1}`,
      [{ line: 1, body: '{"a":1}' }, skipped(2), { line: 3, body: '{"c":1}' }],
    ],
    [
      'an element of an array',
      `[{"a":1},{"b":"${huge}"},\n{"c":1}]`,
      [{ line: 1, body: '{"a":1}' }, skipped(1), { line: 2, body: '{"c":1}' }],
    ],
    ['an object', `{\n"b":"${huge}"}\n{"c":1}`, [skipped(1), { line: 3, body: '{"c":1}' }]],
    ['blanks', `${' '.repeat(huge.length)}\nb`, [skipped(1), { line: 2, body: 'b' }]],
    [
      'a message in XML',
      `<Messages><Message><MessageBody>${huge}</MessageBody></Message>\n<Message><MessageBody>b</MessageBody></Message></Messages>\nc`,
      [skipped(1), { line: 2, body: 'b' }, { line: 3, body: 'c' }],
    ],
  ])('is skipped: %s', async (_name, content, entries) => {
    expect(shown(await readAll(content))).toEqual(entries);
    expect(shown(await readAll(content, [65_521]))).toEqual(entries);
    expect(shown(await readAll(gzipSync(content, { level: 1 })))).toEqual(entries);
  });
});
