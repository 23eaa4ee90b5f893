/** What the rooms get from tracing, on and off, without a daemon. */
import { context, propagation, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/index.js';
import type { Sink } from '../../src/sinks/index.js';
import { openTracing, type Tracing, untraced } from '../../src/tracing/index.js';
import { record } from '../sinks/records.js';
import { type CollectedSpan, Collector } from '../support/collector.js';

const quiet = pino({ enabled: false });
const signal = new AbortController().signal;
const queues = [{ messageType: 'SmsReport', queueName: 'q' }];

let tracing: Tracing | undefined;

afterEach(async () => {
  await tracing?.close();
  tracing = undefined;
});

const configOf = (config: object) => parseConfig({ queues, tracing: config }).tracing;

async function open(config: object): Promise<Tracing> {
  tracing = await openTracing(configOf(config), quiet, 3);
  return tracing;
}

function sinkOf(deliver: Sink['deliver']): Sink {
  return { name: 'crm', wants: () => true, deliver, close: async () => {} };
}

const ack = (messageId: string) => ({ messageId, receiptHandle: `h-${messageId}`, visibleUntil: 0 });

describe('off', () => {
  it('hands back the very things it was given', async () => {
    const off = await open({});
    expect(off).toBe(untraced);
    const receive = async () => [1];
    const take = async () => {};
    const deleteBatch = async () => [];
    const sink = sinkOf(async () => {});
    const message = ack('m');
    expect(off.receiving('q', receive)).toBe(receive);
    expect(off.taking(take)).toBe(take);
    expect(off.sink(sink)).toBe(sink);
    expect(off.finished(message)).toBe(message);
    expect(off.acknowledging('q', deleteBatch)).toBe(deleteBatch);
    expect(off.telemetry).toBeUndefined();
    expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(false);
  });
});

describe('on', () => {
  it('makes no span of a poll that brings nothing, or is aborted', async () => {
    await using collector = await Collector.start();
    const on = await open({ endpoint: collector.url });
    const stop = new AbortController();
    expect(await on.receiving('q', async () => [])({ signal })).toEqual([]);
    const aborted = on.receiving('q', async () => {
      stop.abort();
      throw new Error('aborted');
    });
    await expect(aborted({ signal: stop.signal })).rejects.toThrow('aborted');
    const refused = on.receiving('q', async () => {
      throw Object.assign(new Error('no such queue for 13812345678'), { code: 'QueueNotExist' });
    });
    await expect(refused({ signal })).rejects.toThrow('no such queue');
    await on.close();
    expect(collector.spans).toMatchObject([
      {
        name: 'poll q',
        status: { code: 2, message: 'no such queue for 138****78' },
        attributes: { 'error.type': 'QueueNotExist', 'messaging.operation.type': 'receive' },
      },
    ]);
  });

  it('keeps what messages belong to through the batch delete, and links all of it', async () => {
    await using collector = await Collector.start();
    const on = await open({ endpoint: collector.url });
    const finished = [ack('a'), ack('b'), ack('c')];
    const receive = on.receiving('q', async () => ['x']);
    for (const message of finished.slice(0, 2)) {
      const batch = await receive({ signal });
      await on.taking(async () => {
        // As a delivery does, whose message is finished after a while.
        await new Promise((resolve) => setImmediate(resolve));
        on.finished(message);
      })(batch);
    }
    // Of this one nobody knows where it comes from.
    on.finished(ack('c'));
    const handles = finished.map(({ receiptHandle }) => receiptHandle);
    const told = await on.acknowledging('q', async (given, messages) => {
      expect(given).toEqual(handles);
      expect(messages).toEqual(finished);
      return [{ receiptHandle: 'h-b', code: 'x' }];
    })(handles, finished);
    expect(told).toHaveLength(1);
    await on.close();
    const [first, second] = collector.named(/^poll/);
    expect(first?.traceId).not.toBe(second?.traceId);
    expect(collector.named(/^acknowledge/)).toMatchObject([
      {
        traceId: first?.traceId,
        parentSpanId: first?.spanId,
        links: [{ spanId: first?.spanId }, { spanId: second?.spanId }],
        attributes: { 'messaging.batch.message_count': 3, 'receiptd.not_deleted': 1 },
      },
    ]);
  });

  it('gives each delivery a context of its own, and takes nothing from the sink', async () => {
    await using collector = await Collector.start();
    const on = await open({ endpoint: collector.url });
    const seen: (string | undefined)[] = [];
    const sink = on.sink({
      ...sinkOf(async (_, { attempt, traceContext }) => {
        seen.push(traceContext?.traceparent);
        expect(trace.getSpan(context.active())?.spanContext().spanId).toBe(
          traceContext?.traceparent?.slice(36, 52),
        );
        if (attempt === 1) throw new Error('not yet, 13812345678');
      }),
      selects: ({ id }) => id === 'm1',
    });
    await expect(sink.deliver(record('m1'), { attempt: 1, signal })).rejects.toThrow('not yet');
    await sink.deliver(record('m1'), { attempt: 2, signal });
    expect(sink.selects?.(record('m2'))).toBe(false);
    expect(sink.drain).toBeUndefined();
    await on.close();
    expect(collector.named(/^deliver crm$/)).toMatchObject([
      { status: { code: 2, message: 'not yet, 138****78' }, attributes: { 'receiptd.attempt': 1 } },
      { status: {}, attributes: { 'receiptd.attempt': 2, 'cloudevents.event_id': 'm1' } },
    ]);
    expect(new Set(seen).size).toBe(2);
    for (const header of seen) expect(header).toMatch(/^00-\w{32}-\w{16}-01$/);
    expect(collector.spans[0]?.instance).toMatch(new RegExp(`:${process.pid}:3$`));
  });

  it('tells the sampled part only, and says so to receivers', async () => {
    await using collector = await Collector.start();
    const on = await open({ endpoint: collector.url, sampleRatio: 0 });
    let header: string | undefined;
    const sink = on.sink(
      sinkOf(async (_, { traceContext }) => {
        header = traceContext?.traceparent;
      }),
    );
    const batch = await on.receiving('q', async () => [1])({ signal });
    await on.taking(async () => sink.deliver(record('m1'), { attempt: 1, signal }))(batch);
    await on.close();
    expect(header).toMatch(/-00$/);
    expect(collector.spans).toEqual([]);
  });

  it('leaves a program its own tracer provider, and gives it the spans', async () => {
    await using collector = await Collector.start();
    const spans = new InMemorySpanExporter();
    const theirs = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    theirs.register();
    const on = await open({ endpoint: collector.url });
    await on.receiving('q', async () => [1])({ signal });
    await on.close();
    expect(spans.getFinishedSpans().map(({ name }) => name)).toEqual(['poll q']);
    expect(collector.requests).toEqual([]);
    expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(true);
    await theirs.shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  });

  it('goes on in the slice that takes over, wherever its spans are to go, when the one before it ends', async () => {
    await using before = await Collector.start();
    await using after = await Collector.start();
    const first = await openTracing(configOf({ endpoint: before.url }), quiet, 0);
    const second = await openTracing(configOf({ endpoint: after.url }), quiet, 0);
    const delivered = async (on: Tracing): Promise<string | undefined> => {
      let header: string | undefined;
      const sink = on.sink(
        sinkOf(async (_, { traceContext }) => {
          await Promise.resolve();
          header = traceContext?.traceparent;
          // As a user's module would.
          trace.getTracer('theirs').startSpan('theirs').end();
        }),
      );
      const batch = await on.receiving('q', async () => [1])({ signal });
      await on.taking(async () => sink.deliver(record('m1'), { attempt: 1, signal }))(batch);
      return header;
    };
    await delivered(first);
    await first.close();
    const header = await delivered(second);
    await second.close();
    expect(before.spans.map(({ name }) => name)).toEqual(['poll q', 'deliver crm']);
    const [deliver] = after.named(/^deliver/);
    expect(header).toContain(deliver?.spanId);
    expect(after.ancestors(deliver as CollectedSpan).map(({ name }) => name)).toEqual(['poll q']);
    // The first of theirs belongs to a span of the slice that ended.
    const theirs = after.named(/^theirs/).map(({ parentSpanId }) => parentSpanId);
    expect(theirs).toEqual([before.named(/^deliver/)[0]?.spanId, deliver?.spanId]);
    expect(trace.getTracer('x').startSpan('x').isRecording()).toBe(false);
  });

  it('can be closed and opened again in one program', async () => {
    await using collector = await Collector.start();
    for (const name of ['one', 'two']) {
      const on = await open({ endpoint: collector.url, serviceName: name });
      await on.receiving('q', async () => [1])({ signal });
      await on.close();
    }
    expect(collector.spans.map(({ service }) => service)).toEqual(['one', 'two']);
  });
});
