import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { captureLine } from '../../src/message-file/index.js';
import { readAll, shown } from './read-all.js';

const captured = {
  messageId: 'A1',
  queueName: 'Alicom-Queue-1-SmsReport',
  messageType: 'SmsReport',
  body: 'eyJhIjoxfQ==',
  enqueueTime: 1716809414944,
  dequeueCount: 1,
  receivedAt: 1716809415000,
  mnsHost: '1.mns.cn-hangzhou.aliyuncs.com',
};
const answer = (id: string, body: string) => `<Message>
    <MessageId>${id}</MessageId>
    <MessageBodyMD5>C5DD56A3</MessageBodyMD5>
    <MessageBody>${body}</MessageBody>
    <ReceiptHandle>8-0zx</ReceiptHandle>
    <EnqueueTime>1716809414944</EnqueueTime>
    <DequeueCount>2</DequeueCount>
    <UserProperties><PropertyValue><Name>MessageBody</Name><Value>x</Value></PropertyValue></UserProperties>
  </Message>`;
const answered = { enqueueTime: 1716809414944, dequeueCount: 2 };
const declaration = '<?xml version="1.0" encoding="utf-8"?>\n';
const namespace = 'xmlns="http://mns.aliyuncs.com/doc/v1/"';
const headers = 'HTTP/1.1 200 OK\r\nServer: AliyunMNS\r\nContent-Type: text/xml;charset=utf-8\r\n\r\n';

/** Name, content, and what is to be read from it. */
const formats: [name: string, content: string, entries: unknown[]][] = [
  [
    'capture lines',
    captureLine(captured) + captureLine({ ...captured, messageId: 'A2' }),
    [
      { line: 1, ...captured },
      { line: 2, ...captured, messageId: 'A2' },
    ],
  ],
  [
    'capture lines with ISO times, unknown fields and nothing optional',
    [
      '{"messageId":"1","body":"x","enqueueTime":"2024-05-27T19:30:14.944+08:00","receivedAt":"2024-05-27T11:30:15Z","other":[1]}',
      '{"messageId":"2","body":"y","mnsHost":null}',
    ].join('\n'),
    [
      { line: 1, messageId: '1', body: 'x', enqueueTime: 1716809414944, receivedAt: 1716809415000 },
      { line: 2, messageId: '2', body: 'y' },
    ],
  ],
  [
    'a receipt a line, text untouched',
    '{"id": 12345678901234567890 ,"n":1.10}\n \t{"a":"\\u4e2d中"} \n',
    [
      { line: 1, body: '{"id": 12345678901234567890 ,"n":1.10}' },
      { line: 2, body: ' \t{"a":"\\u4e2d中"} ' },
    ],
  ],
  [
    'a base64 body a line, and blank lines',
    '\n\neyJhIjoxfQ==\n   \n\neyJhIjoyfQ==',
    [
      { line: 3, body: 'eyJhIjoxfQ==' },
      { line: 6, body: 'eyJhIjoyfQ==' },
    ],
  ],
  [
    'lines that are none of these',
    '[info] started\n42\n"text"\n<foo>\nHTTP/ is\n{"a":1}\n{"a":\n{"a":1},\n[2024-05-27 19:30] x',
    [
      { line: 1, body: '[info] started' },
      { line: 2, body: '42' },
      { line: 3, body: '"text"' },
      { line: 4, body: '<foo>' },
      { line: 5, body: 'HTTP/ is' },
      { line: 6, body: '{"a":1}' },
      { line: 7, body: '{"a":' },
      { line: 8, body: '{"a":1},' },
      { line: 9, body: '[2024-05-27 19:30] x' },
    ],
  ],
  [
    'an array a line',
    '[{"a":1},{"a": 2}]\n[]\n[ {"a":[3,"]"]} ]\n',
    [
      { line: 1, body: '{"a":1}' },
      { line: 1, body: '{"a": 2}' },
      { line: 3, body: '{"a":[3,"]"]}' },
    ],
  ],
  [
    'a pretty-printed array of anything',
    `[\n  {\n    "a": 12345678901234567890\n  },\n  ${captureLine(captured)},\n  null, -1.5e3, "t,\\"]", [\n{}\n], true\n]\n`,
    [
      { line: 2, body: '{\n    "a": 12345678901234567890\n  }' },
      { line: 5, ...captured },
      { line: 7, body: 'null' },
      { line: 7, body: '-1.5e3' },
      { line: 7, body: '"t,\\"]"' },
      { line: 7, body: '[\n{}\n]' },
      { line: 9, body: 'true' },
    ],
  ],
  [
    'pretty-printed objects one after another',
    `{\n  "a": {\n    "b": "}"\n  }\n}\n\n${JSON.stringify(captured, null, 2)}\n`,
    [
      { line: 1, body: '{\n  "a": {\n    "b": "}"\n  }\n}' },
      { line: 7, ...captured },
    ],
  ],
  [
    'answers of MNS, one and many, with and without declaration and headers',
    [
      `${declaration}<Messages ${namespace}>\n  ${answer('M1', 'eyJ9')}\n  ${answer('M2', '{&quot;a&quot;:&#x4e2d;&#20013;&amp;lt;}')}\n</Messages>\n`,
      `<Message ${namespace}>${answer('M3', ' x ').slice('<Message>'.length)}`,
      `${headers}${declaration}<Message ${namespace}><MessageBody><![CDATA[<a></Message>&amp;]]>&gt;</MessageBody></Message>`,
      'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n',
      `${headers}${declaration}<!-- <Message> --><Messages/>\n`,
    ].join(''),
    [
      { line: 3, messageId: 'M1', body: 'eyJ9', ...answered },
      { line: 12, messageId: 'M2', body: '{"a":中中&lt;}', ...answered },
      { line: 22, messageId: 'M3', body: ' x ', ...answered },
      { line: 35, body: '<a></Message>&amp;>' },
    ],
  ],
  [
    'answers of MNS that hold no message',
    [
      `${declaration}<Error ${namespace}><Code>MessageNotExist</Code><Message>Message not exist.</Message></Error>\n`,
      '<Errors><Error><ErrorCode>MessageNotExist</ErrorCode></Error></Errors>\n',
      `${headers}${declaration}<Error><Code>AccessDenied</Code></Error>\n`,
      `${declaration}<Queue ${namespace}><QueueName>q</QueueName></Queue>`,
      `${declaration}<Message><MessageId>S1</MessageId></Message>\n`,
      '<!DOCTYPE html>\n<html><body><p>502<br></body></html>\n',
      '<Message><MessageBody>x</MessageBody><DequeueCount>many</DequeueCount></Message>\n',
      'eyJ9\n',
    ].join(''),
    [
      '9: an answer of MNS that is an error: AccessDenied',
      '11: <Queue> is no answer to ReceiveMessage',
      '12: a <Message> without <MessageBody>',
      '14: <html> is no answer to ReceiveMessage',
      '15: a <Message> whose <DequeueCount> is not a number',
      { line: 16, body: 'eyJ9' },
    ],
  ],
  [
    'kinds joined in one file',
    `${captureLine(captured)}[{"a":1}]\n${declaration}<Message><MessageBody>b</MessageBody></Message>\neyJ9\n`,
    [
      { line: 1, ...captured },
      { line: 2, body: '{"a":1}' },
      { line: 4, body: 'b' },
      { line: 5, body: 'eyJ9' },
    ],
  ],
  ['nothing', '', []],
  ['blanks', ' \r\n\t\n  ', []],
];

describe.each(formats)('%s', (_name, content, entries) => {
  it('is read', async () => {
    expect(shown(await readAll(content))).toEqual(entries);
  });

  it('is read in chunks of any size', async () => {
    expect(shown(await readAll(content, [1]))).toEqual(entries);
    expect(shown(await readAll(content, [7, 2, 3]))).toEqual(entries);
  });

  it('is read from gzip, also in members and in chunks', async () => {
    const half = Math.floor(content.length / 2);
    const members = Buffer.concat([gzipSync(content.slice(0, half)), gzipSync(content.slice(half))]);
    expect(shown(await readAll(gzipSync(content)))).toEqual(entries);
    expect(shown(await readAll(members))).toEqual(entries);
    expect(shown(await readAll(members, [1]))).toEqual(entries);
  });

  it('is read with a byte order mark', async () => {
    expect(shown(await readAll(`\ufeff${content}`))).toEqual(entries);
    expect(shown(await readAll(`\ufeff${content}`, [1]))).toEqual(entries);
  });

  it('is read without a last line feed', async () => {
    expect(shown(await readAll(content.trimEnd(), [3]))).toEqual(
      shown(await readAll(`${content.trimEnd()}\n`)),
    );
  });
});

it.each(formats.slice(0, 5))('takes CRLF: %s', async (_name, content, entries) => {
  const dos = content.replaceAll('\n', '\r\n');
  expect(shown(await readAll(dos))).toEqual(entries);
  expect(shown(await readAll(dos, [1]))).toEqual(entries);
});

it('takes CRLF within values that span lines, which keep it', async () => {
  const entries = await readAll('[\r\n{\r\n"a":1},\r\n{"b":2}\r\n]\r\n{\r\n"c":3}\r\n', [1]);
  expect(shown(entries)).toEqual([
    { line: 2, body: '{\r\n"a":1}' },
    { line: 4, body: '{"b":2}' },
    { line: 6, body: '{\r\n"c":3}' },
  ]);
});

it('names the file in the position', async () => {
  expect(await readAll('x')).toEqual([{ body: 'x', at: { file: '-', line: 1 } }]);
});
