/** The types that authors of handlers see; `tsc` is what runs most of this. */
import { expect, expectTypeOf, test } from 'vitest';
import { defineHandlers } from '../../src/index.js';

test('handlers know the fields of their type of receipt', () => {
  const handlers = defineHandlers({
    SmsReport(event, { attempt, signal, log }) {
      expectTypeOf(event.id).toEqualTypeOf<string>();
      expectTypeOf(event.data.biz_id).toEqualTypeOf<string>();
      expectTypeOf(event.data.success).toEqualTypeOf<boolean>();
      expectTypeOf(event.data.err_code).toEqualTypeOf<string | undefined>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(log.info).toBeFunction();
    },
    async SmsUp(event) {
      expectTypeOf(event.data.content).toEqualTypeOf<string>();
      expectTypeOf(event.data.sequence_id).toEqualTypeOf<string | number | undefined>();
    },
    VoiceReport(event) {
      expectTypeOf(event.data.call_id).toEqualTypeOf<string>();
      expectTypeOf(event.data.status_code).toEqualTypeOf<string>();
      // @ts-expect-error it has no such field
      event.data.nope;
    },
    ArtcCdrReport(event) {
      expectTypeOf(event.data.detail?.callOutInfo?.[0]?.callee).toEqualTypeOf<string | undefined>();
      // @ts-expect-error what is nested has no such field either
      event.data.detail?.callOutInfo?.[0]?.nope;
    },
    // Its fields were never published, so any may be there.
    LlmSmartCallReport(event) {
      expectTypeOf(event.data.callId).toEqualTypeOf<unknown>();
    },
    default(event) {
      expectTypeOf(event.data).toEqualTypeOf<unknown>();
    },
  });
  expect(Object.keys(handlers)).toEqual([
    'SmsReport',
    'SmsUp',
    'VoiceReport',
    'ArtcCdrReport',
    'LlmSmartCallReport',
    'default',
  ]);
});

test('a handler of an unknown type is a mistake that the compiler finds', () => {
  // @ts-expect-error it is SmsReport
  defineHandlers({ SmsRepport() {} });
  // @ts-expect-error a handler is a function
  defineHandlers({ SmsReport: 1 });
  expect(true).toBe(true);
});
