/**
 * Where spans go: in batches, in the background, to the configured endpoint and nowhere else. When nobody takes them they
 * are dropped, which the log hears of once; whatever makes spans never waits. A program that has a tracer provider of its
 * own keeps it, and gets our spans through it.
 */
import { hostname } from 'node:os';
import { context, isSpanContextValid, propagation, type Tracer, trace } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import type { Logger } from 'pino';
import { pause } from '../backoff.js';
import type { Config } from '../config/index.js';
import { describeError } from '../errors.js';
import { VERSION } from '../version.js';

/** ms that sending one batch may take, its retries included. */
const EXPORT_MS = 5_000;
/** ms between two batches. */
const EVERY_MS = 1_000;
/** ms that the last ones may take, after the slice has drained: it may be that nobody is there to take them. */
const LAST_MS = 1_500;
/** Spans that wait to be sent; further ones are dropped. */
const MOST_WAITING = 8_192;
const PATH = 'v1/traces';
const NAME = 'receiptd';

/** Of this thread, the newest last: a slice and the one that takes over from it have one each for a while. */
const providers: NodeTracerProvider[] = [];

export interface OpenProvider {
  readonly tracer: Tracer;
  close(): Promise<void>;
}

export function openProvider(config: Config['tracing'], log: Logger, slice: number): OpenProvider {
  if (isTaken()) {
    log.info(
      'tracing: this program has a tracer provider of its own, which gets the spans instead of tracing.endpoint',
    );
    return { tracer: trace.getTracer(NAME, VERSION), close: async () => {} };
  }
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': config.serviceName,
      'service.version': VERSION,
      'service.instance.id': `${hostname()}:${process.pid}:${slice}`,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(config.sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor(new ToldExporter(config, log, slice === 0), {
        scheduledDelayMillis: EVERY_MS,
        exportTimeoutMillis: 2 * EXPORT_MS,
        maxQueueSize: MOST_WAITING,
      }),
    ],
  });
  enter(provider);
  return {
    tracer: provider.getTracer(NAME, VERSION),
    close: async () => {
      const enough = new AbortController();
      const last = provider.shutdown().catch(() => {});
      await Promise.race([last, pause(LAST_MS, enough.signal)]);
      enough.abort();
      leave(provider);
    },
  };
}

/** What a user's module asks the API for is the newest's; how contexts are kept and passed on is the same for all. */
function enter(provider: NodeTracerProvider): void {
  providers.push(provider);
  if (providers.length === 1) provider.register({ propagator: new W3CTraceContextPropagator() });
  else showNewest();
}

function leave(provider: NodeTracerProvider): void {
  const at = providers.indexOf(provider);
  if (at < 0) return;
  providers.splice(at, 1);
  showNewest();
  if (providers.length > 0) return;
  context.disable();
  propagation.disable();
}

function showNewest(): void {
  trace.disable();
  const newest = providers.at(-1);
  if (newest !== undefined) trace.setGlobalTracerProvider(newest);
}

/** Before anybody has registered one, the API hands out a stand-in whose spans have no ids. */
function isTaken(): boolean {
  if (providers.length > 0) return false;
  const probe = trace.getTracer(NAME).startSpan('probe');
  return isSpanContextValid(probe.spanContext());
}

/** The library's exporter, which says whether it gets through when that changes. */
class ToldExporter implements SpanExporter {
  readonly #inner: OTLPTraceExporter;
  readonly #url: string;
  readonly #log: Logger;
  readonly #level: { good: 'info' | 'debug'; bad: 'warn' | 'debug' };
  #down = false;

  /** @param loud whether it is the one of its process that people hear of */
  constructor({ endpoint, headers }: Config['tracing'], log: Logger, loud: boolean) {
    const url = new URL(endpoint);
    // As OTEL_EXPORTER_OTLP_ENDPOINT is read; a path of its own is taken for the whole address.
    if (url.pathname === '/') url.pathname = PATH;
    this.#url = `${url.origin}${url.pathname}`;
    this.#log = log;
    this.#level = loud ? { good: 'info', bad: 'warn' } : { good: 'debug', bad: 'debug' };
    this.#inner = new OTLPTraceExporter({ url: url.href, headers, timeoutMillis: EXPORT_MS });
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#inner.export(spans, (result) => {
      const down = result.code === ExportResultCode.FAILED;
      if (down && !this.#down)
        this.#log[this.#level.bad](
          `tracing: spans cannot be sent to ${this.#url} (${whyOf(result.error)}) and are dropped, deliveries go on: check tracing.endpoint`,
        );
      if (!down && this.#down) this.#log[this.#level.good]('tracing: spans are sent again');
      this.#down = down;
      // What is told here is not to be told again by the library, on the console.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }
}

/** The library puts a refusal's cause beside an empty message. */
function whyOf(error: Error | undefined): string {
  if (error === undefined) return 'no reason given';
  const { code } = error as NodeJS.ErrnoException;
  const cause = error instanceof AggregateError ? error.errors[0] : error.cause;
  const first = describeError(error) || describeError(cause);
  return code === undefined || first.includes(String(code)) ? first : `${first}, ${code}`;
}
