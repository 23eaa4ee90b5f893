/**
 * BullMQ's own spans, by `bullmq-otel`: what adds jobs writes into each what it belongs to, and what processes one goes on
 * from there, in whatever process. What BullMQ does by itself, the looks for stalled jobs above all, makes no spans; and no
 * message of an error leaves with a phone number in it.
 */
import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type Attributes, SpanKind, type SpanOptions, type Telemetry } from 'bullmq';
import { BullMQOTelSpan, BullMQOtel } from 'bullmq-otel';
import { describeError } from '../errors.js';
import { maskPhones } from '../mask.js';
import { SYSTEM } from './attributes.js';

const JOB_ID = 'bullmq.job.id';

export function bullTelemetry(tracer: Tracer): Telemetry {
  // Only how contexts go into jobs and come out of them: it depends on no tracer.
  const { contextManager } = new BullMQOtel({ tracerName: 'receiptd' });
  const nothing = () => trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 });
  return {
    contextManager: {
      with: (given, act) => contextManager.with(given, act),
      active: () => contextManager.active(),
      getMetadata: (given) => contextManager.getMetadata(given),
      fromMetadata: (active, metadata) => contextManager.fromMetadata(active, metadata),
      root: () => ROOT_CONTEXT,
    },
    tracer: {
      startSpan: (name: string, options?: SpanOptions, parent = context.active()) => {
        const [operation = '', place = ''] = name.split(' ', 2);
        const queueName = place.replace(/^\{(.*)\}$/, '$1');
        const kind = options?.kind ?? SpanKind.INTERNAL;
        const aside = kind === SpanKind.INTERNAL && !belongs(parent);
        if (aside) return new MaskedSpan(nothing());
        const span = tracer.startSpan(`${operation} ${queueName}`.trim(), { kind }, parent);
        const type = kind === SpanKind.CONSUMER ? 'process' : kind === SpanKind.PRODUCER ? 'send' : undefined;
        if (type !== undefined)
          span.setAttributes({
            'messaging.system': SYSTEM,
            'messaging.destination.name': queueName,
            'messaging.operation.name': operation,
            'messaging.operation.type': type,
          });
        return new MaskedSpan(span);
      },
    },
  };
}

/** Is there a span, and not the lack of one, that this is part of? */
export function belongs(given: Context): boolean {
  const found = trace.getSpanContext(given);
  return found !== undefined && isSpanContextValid(found);
}

class MaskedSpan extends BullMQOTelSpan {
  override setAttributes(attributes: Attributes): void {
    const id = attributes[JOB_ID];
    super.setAttributes({
      ...attributes,
      ...(id !== undefined && { 'messaging.message.id': id }),
    } as Parameters<BullMQOTelSpan['setAttributes']>[0]);
  }

  override addEvent(name: string, attributes: Attributes = {}): void {
    const masked = Object.entries(attributes).map(([key, value]) => [
      key,
      typeof value === 'string' ? maskPhones(value) : value,
    ]);
    super.addEvent(name, Object.fromEntries(masked));
    if (name !== 'job failed') return;
    const reason = maskPhones(String(attributes['bullmq.job.failed.reason'] ?? ''));
    this.span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  }

  /** Without its stack, which repeats the message. */
  override recordException(exception: unknown): void {
    const message = maskPhones(describeError(exception));
    this.span.recordException({ name: exception instanceof Error ? exception.name : 'Error', message });
    this.span.setStatus({ code: SpanStatusCode.ERROR, message });
  }
}
