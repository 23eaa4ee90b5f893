/** The types of receipts; `tsc` is what runs most of this. */
import { expect, expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import type { catalog, MessageType, Receipts } from '../../src/receipts/catalog.js';
import type { Known } from '../../src/receipts/known.js';
import type {
  ArtcCdrReport,
  ChatAppInbound,
  MnsCardTemplate,
  RobotCallReportAiccs,
  SecretAsrReport,
  SecretSmsIntercept,
  SmsReport,
  SmsReportDomestic,
  VoiceReport,
} from '../../src/receipts/types/index.js';

type Unpublished =
  | 'ArtcTempStatusReport'
  | 'LlmSmartCallReport'
  | 'SecretBillingCallReport'
  | 'SecretBillingSmsReport'
  | 'SecretRingRecording';

test('a published field has its type, and an unpublished one does not compile', () => {
  const read = (data: VoiceReport) => {
    expectTypeOf(data.call_id).toEqualTypeOf<string>();
    expectTypeOf(data.start_time).toEqualTypeOf<string | undefined>();
    expectTypeOf(data.b_duration).toEqualTypeOf<string | number | undefined>();
    // @ts-expect-error it has no such field
    return data.nope;
  };
  expect(read({ call_id: '1', status_code: '200000' })).toBeUndefined();
});

test('neither does an unpublished one of what is nested', () => {
  const reads = [
    // @ts-expect-error it has no such field
    (data: ArtcCdrReport) => data.detail?.nope,
    // @ts-expect-error it has no such field
    (data: ArtcCdrReport) => data.detail?.callInInfo?.nope,
    // @ts-expect-error it has no such field
    (data: ArtcCdrReport) => data.detail?.callOutInfo?.[0]?.nope,
    // @ts-expect-error it has no such field
    (data: RobotCallReportAiccs) => data.data.nope,
    // @ts-expect-error it has no such field
    (data: RobotCallReportAiccs) => data.data.output?.slots?.[0]?.nope,
    // @ts-expect-error it has no such field
    (data: SecretAsrReport) => data.sentences?.[0]?.nope,
    // @ts-expect-error it has no such field
    (data: MnsCardTemplate) => data.tmpOps?.[0]?.nope,
  ];
  expect(reads).toHaveLength(7);
});

test('what is nested is reached, through lists too', () => {
  const end = (data: RobotCallReportAiccs) => data.data.info?.endTime;
  const caller = (data: ArtcCdrReport) => data.detail?.callOutInfo?.[0]?.caller;
  const text = (data: SecretAsrReport) => data.sentences?.map((sentence) => sentence.text);
  expectTypeOf(end).returns.toEqualTypeOf<string | number | undefined>();
  expectTypeOf(caller).returns.toEqualTypeOf<string | undefined>();
  expectTypeOf(text).returns.toEqualTypeOf<(string | undefined)[] | undefined>();
  expect(end({ callId: '1', data: { info: { endTime: 5 } } })).toBe(5);
});

test('names that are no identifiers are fields like any other', () => {
  expectTypeOf<SecretSmsIntercept['sms-intercept-type']>().toEqualTypeOf<string | undefined>();
  expectTypeOf<ChatAppInbound['Timestamp ']>().toEqualTypeOf<string | number | undefined>();
  expect(true).toBe(true);
});

test('a domestic report is what is meant by SmsReport', () => {
  expectTypeOf<SmsReport>().toEqualTypeOf<SmsReportDomestic>();
  expectTypeOf<SmsReport['success']>().toEqualTypeOf<boolean>();
  // @ts-expect-error that is SmsReportIntl's
  const read = (data: SmsReport) => data.To;
  expect(read({ biz_id: '1', success: true })).toBeUndefined();
});

test('no type allows any field at all, but those whose fields were never published', () => {
  type Loose = { [Type in MessageType]: string extends keyof Receipts[Type] ? Type : never }[MessageType];
  expectTypeOf<Loose>().toEqualTypeOf<Unpublished>();
  expect(true).toBe(true);
});

test('the types are those of the schemas in the catalog', () => {
  type Usual<Shapes> = Shapes extends readonly [...unknown[], { schema: infer Schema extends z.ZodType }]
    ? Known<z.infer<Schema>>
    : never;
  type FromCatalog = { [Type in MessageType]: Usual<(typeof catalog)[Type]['shapes']> };
  expectTypeOf<Omit<FromCatalog, Unpublished>>().toEqualTypeOf<Omit<Receipts, Unpublished>>();
  expect(true).toBe(true);
});

test('Known takes index signatures away at every depth, and nothing else', () => {
  interface Loose {
    [key: string]: unknown;
    a: string;
    b?: { c: 1; [key: string]: unknown }[] | undefined;
    d: { e: null | { f: true; [key: string]: unknown }; [key: string]: unknown };
    readonly g: unknown;
  }
  interface Strict {
    a: string;
    b?: { c: 1 }[] | undefined;
    d: { e: null | { f: true } };
    readonly g: unknown;
  }
  expectTypeOf<Known<Loose>>().toEqualTypeOf<Strict>();
  expectTypeOf<Known<string | undefined>>().toEqualTypeOf<string | undefined>();
  expect(true).toBe(true);
});
