/** Phone numbers become others, ids and all else stay, and every body stays what it was. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BodyMask } from '../../src/capture/body-mask.js';
import { pseudonym } from '../../src/capture/pseudonym.js';

const mask = new BodyMask('a key');
const base64 = (text: string) => Buffer.from(text).toString('base64');
const inBase64 = (text: string) => Buffer.from(mask.mask(base64(text)), 'base64').toString();
/** What a number becomes. */
const other = (digits: string) => pseudonym(digits, 'a key');
const MOBILE = '13800138000';

describe('a pseudonym', () => {
  const digits = fc.stringMatching(/^\d{7,16}$/);

  test('is as many digits, the first three the same', () => {
    fc.assert(
      fc.property(digits, fc.string(), (number, key) => {
        const masked = pseudonym(number, key);
        expect(masked).toMatch(/^\d+$/);
        expect(masked).toHaveLength(number.length);
        expect(masked.slice(0, 3)).toBe(number.slice(0, 3));
        expect(pseudonym(number, key)).toBe(masked);
      }),
    );
  });

  test.each([2, 4])('is different for each of all numbers with %i more digits', (more) => {
    const numbers = Array.from({ length: 10 ** more }, (_, n) => `138${String(n).padStart(more, '0')}`);
    expect(new Set(numbers.map((number) => pseudonym(number, 'k'))).size).toBe(numbers.length);
  });

  test('depends on the key and hides the number', () => {
    const numbers = Array.from({ length: 200 }, (_, n) => String(13_800_138_000 + n));
    for (const number of numbers) {
      expect(pseudonym(number, 'a')).not.toBe(number);
      expect(pseudonym(number, 'a')).not.toBe(pseudonym(number, 'b'));
    }
    // Neighbours do not stay neighbours.
    const gaps = numbers
      .slice(1)
      .map((number, n) => Number(pseudonym(number, 'a')) - Number(pseudonym(numbers[n] ?? '', 'a')));
    expect(gaps.filter((gap) => Math.abs(gap) < 1000)).toHaveLength(0);
  });
});

describe('is masked: mobiles', () => {
  const m = other(MOBILE);
  test.each([
    ['{"phone_number":"13800138000"}', `{"phone_number":"${m}"}`],
    ['{"phone_number":13800138000}', `{"phone_number":${m}}`],
    ['{ "mobile" : "+8613800138000" }', `{ "mobile" : "+86${m}" }`],
    ['{"phone_no":"008613800138000"}', `{"phone_no":"0086${m}"}`],
    ['{"To":"8613800138000"}', `{"To":"86${m}"}`],
    ['{"peer_no":"+86 138-0013-8000"}', `{"peer_no":"+86 ${m.slice(0, 3)}-${m.slice(3, 7)}-${m.slice(7)}"}`],
    ['{"realCaller":"13800138000,13900139000"}', `{"realCaller":"${m},${other('13900139000')}"}`],
    ['{"callee":"13800138000 13900139000"}', `{"callee":"${m} ${other('13900139000')}"}`],
    ['{"callee":"13800138000-1234"}', `{"callee":"${m}-1234"}`],
    ['{"phones":["13800138000",13800138000]}', `{"phones":["${m}",${m}]}`],
    ['{"content":"请回电13800138000，谢谢"}', `{"content":"请回电${m}，谢谢"}`],
    [
      '{"content":"\\u8bf7\\u56de\\u753513800138000\\n13800138000"}',
      `{"content":"\\u8bf7\\u56de\\u7535${m}\\n${m}"}`,
    ],
    [
      '{"content":"call \\"13800138000\\" or +86 138 0013 8000."}',
      `{"content":"call \\"${m}\\" or +86 ${m.slice(0, 3)} ${m.slice(3, 7)} ${m.slice(7)}."}`,
    ],
    [
      '{"Message":"{\\"tel\\":\\"13800138000\\",\\"t\\":\\"a\\\\n13800138000\\"}"}',
      `{"Message":"{\\"tel\\":\\"${m}\\",\\"t\\":\\"a\\\\n${m}\\"}"}`,
    ],
    ['{"content":"C:\\\\13800138000"}', `{"content":"C:\\\\${m}"}`],
    ['{"out_id":"13800138000"}', `{"out_id":"${m}"}`],
    ['{"out_id":"order_13800138000"}', `{"out_id":"order_${m}"}`],
    ['{"13800138000":{"x":1}}', `{"${m}":{"x":1}}`],
    ['{"sentences":[{"text":"13800138000"}]}', `{"sentences":[{"text":"${m}"}]}`],
    [
      '[{"phone_number":"13800138000"},{"phone_number":"13800138000"}]',
      `[{"phone_number":"${m}"},{"phone_number":"${m}"}]`,
    ],
    ['\ufeff{"phone_number":"13800138000"}', `\ufeff{"phone_number":"${m}"}`],
    ['{"phone_number":"13800138000', `{"phone_number":"${m}`],
    ['not JSON but 13800138000', `not JSON but ${m}`],
  ])('%s', (text, masked) => {
    expect(inBase64(text)).toBe(masked);
    expect(mask.mask(text)).toBe(masked);
  });
});

describe('is masked: other numbers, where a field is for them', () => {
  test.each([
    ['{"caller":"057188888888"}', `{"caller":"0${other('57188888888')}"}`],
    ['{"caller":"0571-88888888"}', `{"caller":"0571-${other('57188888888').slice(3)}"}`],
    ['{"caller":"+86 571 88888888"}', `{"caller":"+86 571 ${other('57188888888').slice(3)}"}`],
    ['{"called_display_no":"17000000000"}', `{"called_display_no":"${other('17000000000')}"}`],
    ['{"To":"61400123456"}', `{"To":"${other('61400123456')}"}`],
    ['{"To":61400123456}', `{"To":${other('61400123456')}}`],
    ['{"to":"0061400123456"}', `{"to":"00${other('61400123456')}"}`],
    [
      '{"OriginPhoneNumber":"+1 415-555-2671"}',
      `{"OriginPhoneNumber":"+${other('14155552671').replace(/^(.)(...)(...)/, '$1 $2-$3-')}"}`,
    ],
    ['{"caller_show_num":"88888888"}', `{"caller_show_num":"${other('88888888')}"}`],
    ['{"content":"0571-88888888"}', `{"content":"0571-${other('57188888888').slice(3)}"}`],
  ])('%s', (text, masked) => {
    expect(inBase64(text)).toBe(masked);
  });
});

describe('stays', () => {
  test.each([
    '{"biz_id":"932702304080415357^0","call_id":"100001616500^100001871490"}',
    '{"call_id":"13800138000^13900139000","biz_id":"13800138000"}',
    '{"sub_id":13800138000,"id":13800138000,"message_id":"13800138000","pool_key":"13800138000"}',
    '{"orderId":"13800138000","mailNo":"13800138000","sequence_id":13800138000}',
    '{"phone_number":"1381111****","phone_no":"150****0000","to":"61400****00","From":"861388888****"}',
    '{"caller":"10086","callee":"95187","From":"2024-01-01 10:00:00","to":"2024-01-01"}',
    '{"caller":"20000000000000001"}',
    '{"send_time":"2024-01-01 08:00:00","report_time":"20240101080000","timestamp":1704081600000}',
    '{"Timestamp":1704081600000,"call_time":"1704081600000","duration":60,"score":0.13800138000}',
    '{"content":"订单138001380001、1.13800138000、13800138000^0、138****8000、2024-01-01"}',
    '{"remark":"x13800138000、13800138000x"}',
    '{"Message":"{\\"url\\":\\"https://x.invalid/a13800138000b\\"}"}',
    '{"Message":"[{\\"url\\":\\"https://x.invalid/a13800138000b\\"}]"}',
    '{"callee":{"biz_id":"13800138000"}}',
    '{"request":"6FC8D2F6-1234-5678-9012-138001380001","uuid":"13800138000"}',
    '{"phone_number":"","phone_no":null,"mobile":[],"caller":{}}',
    '{"phone_number":1.38e10,"phone_no":0.13800138000,"mobile":1e400}',
    '{"phone_no":"2024/01/01 10:00:00","from":"2024.01.01","to":"2024-01-01T10:00:00"}',
    '{"a":1}',
    '',
    '[',
    '{"',
    '{"phone":"\\',
  ])('%s', (text) => {
    expect(mask.mask(text)).toBe(text);
    expect(mask.mask(base64(text))).toBe(base64(text));
  });
});

describe('is masked: in what people write, whatever stands beside it', () => {
  const m = other(MOBILE);
  test.each(['content', 'sms_content', 'smsContent', 'words', 'Message', 'text'])('%s', (field) => {
    expect(inBase64(`{"${field}":"tel13800138000a"}`)).toBe(`{"${field}":"tel${m}a"}`);
    expect(inBase64(`{"${field}":"[a] x13800138000"}`)).toBe(`{"${field}":"[a] x${m}"}`);
  });

  test('a body that is not JSON', () => {
    expect(inBase64('tel13800138000a')).toBe(`tel${m}a`);
    expect(mask.mask('tel13800138000a, and so on')).toBe(`tel${m}a, and so on`);
  });
});

describe('is masked: groups, signs and nesting, where a field is for phone numbers', () => {
  const m = other(MOBILE);
  const foreign = other('447700900123');
  test.each([
    ['"138.0013.8000"', `"${m.replace(/^(...)(....)/, '$1.$2.')}"`],
    ['"(138) 0013-8000"', `"${m.replace(/^(...)(....)/, '($1) $2-')}"`],
    ['"+86.138.0013.8000"', `"+86.${m.replace(/^(...)(....)/, '$1.$2.')}"`],
    ['"13800138000.0"', `"${m}.0"`],
    ['{"n":"447700900123"}', `{"n":"${foreign}"}`],
    [
      '{"a":[{"447700900123":447700900123}]},"x":447700900123',
      `{"a":[{"${foreign}":${foreign}}]},"x":447700900123`,
    ],
    ['[["447700900123"],447700900123],"x":"447700900123"', `[["${foreign}"],${foreign}],"x":"447700900123"`],
    ['-13800138000', `-${m}`],
    ['13800138000.00', `${m}.00`],
    ['1.3800138000E10', `${m.replace(/^./, '$&.')}E10`],
    ['1.3800138E10', `${other('13800138').replace(/^./, '$&.')}E10`],
    ['1380013800.0E1', `${m.replace(/.$/, '.$&')}E1`],
  ])('%s', (value, masked) => {
    expect(inBase64(`{"callee":${value}}`)).toBe(`{"callee":${masked}}`);
  });

  test('a mobile in e-notation is one in any field', () => {
    const masked = other('13812345678').replace(/^./, '$&.');
    expect(inBase64('{"x":1.3812345678E10,"y":1.704081612345E12}')).toBe(
      `{"x":${masked}E10,"y":1.704081612345E12}`,
    );
  });

  test.each([
    ['+1 (415) 555-0100', '14155550100'],
    ['001-415-555-0100', '14155550100'],
    ['1.415.555.0100', '14155550100'],
    ['+44 (0)7700 900123', '447700900123'],
    ['(0571) 8888-8888', '57188888888'],
    ['1380-0138-000', MOBILE],
  ])('%s is %s', (written, number) => {
    const digits = (text: string) => text.replace(/\(0\)|\D/g, '');
    const masked = inBase64(`{"callee":"${written}"}`).slice('{"callee":"'.length, -2);
    expect(masked.replace(/\d/g, '0')).toBe(written.replace(/\d/g, '0'));
    expect(digits(masked).replace(/^0+/, '')).toBe(other(number));
  });

  test.each(['1 415 555 0100 1 415 555 0101', '1380-0138-000 1390-0139-000', '0571 88888888 0571 66666666'])(
    'none of several stays: %s',
    (written) => {
      const [first = '', second = ''] = [
        written.slice(0, written.length / 2),
        written.slice(written.length / 2 + 1),
      ];
      const alone = (number: string) => JSON.parse(inBase64(`{"to":"${number}"}`)) as { to: string };
      const masked = (JSON.parse(inBase64(`{"to":"${written}"}`)) as { to: string }).to;
      expect(masked).toBe(`${alone(first.trim()).to} ${alone(second.trim()).to}`);
      expect(masked).not.toContain(written.slice(-5));
    },
  );
});

describe('full-width and escaped digits', () => {
  const wide = (text: string) =>
    text.replace(/[\d()+-]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)).replace(/ /g, '\u3000');
  const escaped = (text: string) =>
    text.replace(/./gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const m = other(MOBILE);
  test.each([
    [`电话${wide(MOBILE)}，谢谢`, `电话${wide(m)}，谢谢`],
    [
      `{"content":"${wide('+86 138-0013-8000')}"}`,
      `{"content":"${wide(m.replace(/^(...)(....)/, '+86 $1-$2-'))}"}`,
    ],
    [
      `{"content":"1３8００13８000"}`,
      `{"content":"${m.replace(/./g, (c, n: number) => ([1, 3, 4, 7].includes(n) ? wide(c) : c))}"}`,
    ],
    [
      `{"callee":"${wide('+44(7700)900123')}"}`,
      `{"callee":"${wide(other('447700900123').replace(/^(..)(....)/, '+$1($2)'))}"}`,
    ],
    [`{"content":"${escaped(MOBILE)}"}`, `{"content":"${escaped(m)}"}`],
    [`{"content":"${escaped(wide(MOBILE))}"}`, `{"content":"${escaped(wide(m))}"}`],
    [
      `{"Message":"{\\"n\\":\\"\\${escaped('1')}3800138000\\"}"}`,
      `{"Message":"{\\"n\\":\\"\\${escaped('1')}${m.slice(1)}\\"}"}`,
    ],
    [`{"biz_id":"${wide(MOBILE)}"}`, `{"biz_id":"${wide(MOBILE)}"}`],
    [`{"callee":"${wide('1381111')}****"}`, `{"callee":"${wide('1381111')}****"}`],
  ])('%s', (text, masked) => {
    expect(inBase64(text)).toBe(masked);
    expect(mask.mask(text)).toBe(masked);
  });
});

test('only ids that the services give out are exempt, not what looks like their names', () => {
  for (const field of ['key', 'user_id', 'out_id', 'paid', 'openKey', 'phoneId', 'x'])
    expect(inBase64(`{"${field}":"13800138000"}`)).toBe(`{"${field}":"${other(MOBILE)}"}`);
});

test('a number has one pseudonym in every field, type and way of writing', () => {
  const texts = [
    '{"phone_number":"13800138000"}',
    '{"To":"8613800138000"}',
    '{"secretNo":13800138000}',
    '{"content":"+86 138 0013 8000"}',
  ];
  for (const text of texts)
    expect(inBase64(text).replace(/\D/g, '')).toMatch(new RegExp(`^(86)?${other(MOBILE)}$`));
});

test('base64 keeps its line breaks and lack of padding', () => {
  const text = '{"phone_number":"13800138000","err_code":"DELIVERED"}!';
  const lines = base64(text).replace(/=+$/, '').replace(/.{20}/g, '$&\r\n');
  const masked = mask.mask(lines);
  expect(masked).not.toBe(lines);
  expect(masked.length).toBe(lines.length);
  expect([...masked.matchAll(/\r\n/g)].map(({ index }) => index)).toEqual(
    [...lines.matchAll(/\r\n/g)].map(({ index }) => index),
  );
  expect(Buffer.from(masked, 'base64').toString()).toBe(text.replace(MOBILE, other(MOBILE)));
});

test('a body that is a phone number and nothing else is one', () => {
  expect(mask.mask(MOBILE)).toBe(other(MOBILE));
});

describe('whatever the body', () => {
  const phone = fc.integer({ min: 13_000_000_000, max: 19_999_999_999 }).map(String);
  const key = fc.oneof(
    fc.constantFrom('phone_number', 'To', 'caller', 'biz_id', 'content', 'Message', 'key', 'x'),
    fc.string(),
  );
  const leaf = fc.oneof(
    phone,
    phone.map(Number),
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.string({ unit: 'grapheme' }), phone, fc.string()).map((parts) => parts.join('')),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.stringMatching(/^[\d０-９ .()+-]{0,30}$/),
    fc.integer({ min: -2e10, max: 2e10 }),
    fc.constantFrom(null, true, '1381111****'),
  );
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(key, tie('json'), { maxKeys: 4 }),
    ),
  }));

  /** The same but for digits, and those are as many. */
  const shape = (text: string) => text.replace(/\d/g, '0').replace(/[０-９]/g, '０');

  test('JSON stays JSON of the same shape, digit by digit', () => {
    fc.assert(
      fc.property(fc.array(json), fc.boolean(), (value, pretty) => {
        const text = JSON.stringify(value, null, pretty ? 2 : 0);
        const masked = inBase64(text);
        expect(shape(masked)).toBe(shape(text));
        expect(() => JSON.parse(masked)).not.toThrow();
        expect(mask.mask(base64(text))).toHaveLength(base64(text).length);
      }),
    );
  });

  test('numbers of JSON stay so, of the same length', () => {
    const digits = fc.stringMatching(/^(?:0|[1-9]\d{0,14})$/);
    const decimals = fc.stringMatching(/^(?:\.\d{1,12})?$/);
    const exponent = fc.stringMatching(/^(?:[eE][+-]?\d{1,2})?$/);
    fc.assert(
      fc.property(fc.constantFrom('', '-'), digits, decimals, exponent, (sign, whole, rest, power) => {
        const number = `${sign}${whole}${rest}${power}`;
        const masked = inBase64(`{"to":${number}}`);
        expect(shape(masked)).toBe(shape(`{"to":${number}}`));
        expect(masked.endsWith(`${power}}`)).toBe(true);
        expect(() => JSON.parse(masked)).not.toThrow();
      }),
    );
  });

  test('arbitrary bytes change in nothing but digits', () => {
    fc.assert(
      fc.property(fc.uint8Array(), phone, fc.uint8Array(), (before, number, behind) => {
        const bytes = Buffer.concat([before, Buffer.from(`{"${number}"`), behind]);
        const masked = Buffer.from(mask.mask(bytes.toString('base64')), 'base64');
        expect(shape(masked.toString('latin1'))).toBe(shape(bytes.toString('latin1')));
      }),
    );
  });

  test('arbitrary text changes in nothing but digits', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        expect(shape(mask.mask(text))).toBe(shape(text));
      }),
    );
  });

  test('what is hostile takes no more than time in proportion', () => {
    for (const text of [
      '['.repeat(2e5),
      '{"a":'.repeat(2e5),
      `"${'\\'.repeat(2e5)}`,
      '1'.repeat(2e5),
      `["${'1 '.repeat(1e5)}`,
      `{"to":"${'12 '.repeat(1e5)}"}`,
      `{"to":"${'1'.repeat(2e5)}*"}`,
      `{"to":"${'12 '.repeat(1e5)}*"}`,
      `{"to":"${'1 ( '.repeat(5e4)}*"}`,
      `{"to":"${'\\u0031'.repeat(1e5)}"}`,
      `{"to":"1${'.0'.repeat(1e5)}"}`,
      `{"to":1.${'0'.repeat(2e5)}e9}`,
      `{"content":"{${'\\n'.repeat(1e5)}"}`,
      `{"content":"${'{\\\\n'.repeat(1e5)}"}`,
    ])
      expect(mask.mask(text)).toHaveLength(text.length);
  });
});
