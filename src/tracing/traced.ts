/**
 * Tracing that is on. One trace a poll: what came with it is handed off, and each message's delivery goes on from what its
 * job says, in whatever thread or process that is.
 *
 * ```
 * poll ─▶ addBulk ─▶ process (a message) ─▶ deliver (a sink) ─▶ traceparent of what the sink asks for
 *                          └──────────────▶ acknowledge (a batch: child of its first message, linked to all)
 * ```
 */
import {
  type Attributes,
  type Context,
  context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Acknowledgement } from '../ack/index.js';
import type { Config } from '../config/index.js';
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';
import type { EventRecord } from '../receipts/index.js';
import type { DeliveryContext, Sink } from '../sinks/index.js';
import { SYSTEM } from './attributes.js';
import { belongs, bullTelemetry } from './bull-telemetry.js';
import { openProvider } from './provider.js';
import type { DeleteBatch, Receive, Take, Tracing } from './tracing.js';

export function openTraced(config: Config['tracing'], log: Logger, slice: number): Tracing {
  const provider = openProvider(config, log, slice);
  const { tracer } = provider;
  /** Of the poll that brought these messages. */
  const polls = new WeakMap<object, Context>();
  /** Of what delivered this message. */
  const causes = new WeakMap<Acknowledgement, Context>();
  return {
    telemetry: bullTelemetry(tracer),
    receiving: (queueName, receive) => receiving(tracer, polls, queueName, receive),
    taking: (take) => taking(polls, take),
    sink: (sink) => new TracedSink(sink, tracer),
    finished: (message) => {
      if (belongs(context.active())) causes.set(message, context.active());
      return message;
    },
    acknowledging: (queueName, deleteBatch) => acknowledging(tracer, causes, queueName, deleteBatch),
    close: () => provider.close(),
  };
}

/** The span is made when the poll is over: most polls bring nothing, and are nothing to tell of. */
function receiving<Request extends { signal: AbortSignal }, Message>(
  tracer: Tracer,
  polls: WeakMap<object, Context>,
  queueName: string,
  receive: Receive<Request, Message>,
): Receive<Request, Message> {
  const begin = (startTime: number, count: number) =>
    tracer.startSpan(
      `poll ${queueName}`,
      { kind: SpanKind.CLIENT, startTime, attributes: messaging('receive', queueName, count) },
      ROOT_CONTEXT,
    );
  return async (request) => {
    const startedAt = Date.now();
    try {
      const messages = await receive(request);
      if (messages.length === 0) return messages;
      const span = begin(startedAt, messages.length);
      span.end();
      polls.set(messages, trace.setSpan(ROOT_CONTEXT, span));
      return messages;
    } catch (error) {
      if (!request.signal.aborted) {
        const span = begin(startedAt, 0);
        failed(span, error);
        span.end();
      }
      throw error;
    }
  };
}

function taking<Message>(polls: WeakMap<object, Context>, take: Take<Message>): Take<Message> {
  return (messages) => context.with(polls.get(messages) ?? ROOT_CONTEXT, () => take(messages));
}

function acknowledging<Failure>(
  tracer: Tracer,
  causes: WeakMap<Acknowledgement, Context>,
  queueName: string,
  deleteBatch: DeleteBatch<Failure>,
): DeleteBatch<Failure> {
  return async (handles, messages) => {
    const known = messages.flatMap((message) => causes.get(message) ?? []);
    const links = known.flatMap((one): Link | [] => {
      const spanContext = trace.getSpanContext(one);
      return spanContext === undefined ? [] : { context: spanContext };
    });
    const attributes = messaging('settle', queueName, handles.length);
    const span = tracer.startSpan(
      `acknowledge ${queueName}`,
      { kind: SpanKind.CLIENT, attributes, links },
      known[0] ?? ROOT_CONTEXT,
    );
    try {
      const failures = await deleteBatch(handles, messages);
      if (failures.length > 0) span.setAttribute('receiptd.not_deleted', failures.length);
      return failures;
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
}

/** Between the circuit and the sink: what waits for a sink that is down is no delivery. */
class TracedSink implements Sink {
  readonly name: string;
  readonly selects?: (record: EventRecord) => boolean;
  readonly drain?: () => void;
  readonly reopen?: () => Promise<void>;
  readonly #sink: Sink;
  readonly #tracer: Tracer;

  constructor(sink: Sink, tracer: Tracer) {
    this.name = sink.name;
    this.#sink = sink;
    this.#tracer = tracer;
    if (sink.selects) this.selects = (record) => sink.selects?.(record) ?? true;
    if (sink.drain) this.drain = () => sink.drain?.();
    if (sink.reopen) this.reopen = async () => sink.reopen?.();
  }

  wants(messageType: string): boolean {
    return this.#sink.wants(messageType);
  }

  async deliver(record: EventRecord, delivery: DeliveryContext): Promise<void> {
    const attributes = {
      'receiptd.sink': this.name,
      'receiptd.attempt': delivery.attempt,
      'cloudevents.event_id': record.id,
      'cloudevents.event_type': record.type,
    };
    const span = this.#tracer.startSpan(`deliver ${this.name}`, { kind: SpanKind.CLIENT, attributes });
    const mine = trace.setSpan(context.active(), span);
    const traceContext: Record<string, string> = {};
    propagation.inject(mine, traceContext);
    try {
      await context.with(mine, () => this.#sink.deliver(record, { ...delivery, traceContext }));
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}

/** By OpenTelemetry's conventions for messaging. */
function messaging(type: 'receive' | 'settle', queueName: string, count: number): Attributes {
  return {
    'messaging.system': SYSTEM,
    'messaging.destination.name': queueName,
    'messaging.operation.name': type === 'receive' ? 'poll' : 'acknowledge',
    'messaging.operation.type': type,
    'messaging.batch.message_count': count,
  };
}

function failed(span: Span, error: unknown): void {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  span.setAttribute('error.type', String(code ?? name ?? 'error'));
  span.setStatus({ code: SpanStatusCode.ERROR, message: maskPhones(describeError(error)) });
}
