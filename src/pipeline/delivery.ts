/**
 * One message's events through the sinks, as far as they get in one attempt. What a sink has confirmed is told as soon as
 * it is known, so that neither a retry nor a crash delivers it again.
 */
import { UnrecoverableError } from 'bullmq';
import { describeError, ReceiptdError } from '../errors.js';
import type { EventRecord } from '../receipts/index.js';
import { DeadLetterError, type DeliveryContext, delayOf, type Sink, SinkDownError } from '../sinks/index.js';
import type { EventOutcome } from '../stats.js';
import { clip, errorChain } from './dead-letters/error-chain.js';
import { type Dedupe, settle, take } from './dedupe.js';

/** Of one message, where it has several events. */
const DELIVERIES_AT_A_TIME = 16;
/** Of the failures of one message, as many are told. */
const FAILURES_TOLD = 3;
/** Characters of what is told. */
const REASON_MOST = 2_000;
/** ms between two looks at what was confirmed while other deliveries are under way. */
const TELL_EVERY_MS = 1_000;
/** ms until an event is looked at again whose duplicate is being delivered. */
const DUPLICATE_WAIT_MS = 1_000;

/** Not now, and no attempt is spent: the message goes back into the store for `wait` ms. */
export class NotNowError extends ReceiptdError {
  readonly wait: number;

  constructor(reason: string, wait: number) {
    super('NOT_NOW', reason);
    this.wait = wait;
  }
}

/** This attempt failed. `delay` is the least time in ms that a sink asked for before the next. */
export class AttemptFailedError extends ReceiptdError {
  readonly delay: number;

  constructor(reason: string, delay: number, options?: ErrorOptions) {
    super('ATTEMPT_FAILED', reason, options);
    this.delay = delay;
  }
}

export interface DeliveryOptions {
  records: readonly EventRecord[];
  sinks: readonly Sink[];
  context: DeliveryContext;
  /** Keys of what was confirmed in earlier attempts. */
  confirmed: ReadonlySet<string>;
  /** Told all keys confirmed so far, while there is more to be done. */
  onProgress(confirmed: ReadonlySet<string>): Promise<void>;
  dedupe?: Dedupe | undefined;
}

/** One delivery to make: an event, and the sink that wants it. */
interface Task {
  sink: Sink;
  record: EventRecord;
  /** What its confirmation is kept under. */
  key: string;
}

/**
 * @returns what became of each event
 * @throws {NotNowError}, {AttemptFailedError}, or BullMQ's `UnrecoverableError` when no further attempt can help
 */
export async function deliverEvents(options: DeliveryOptions): Promise<EventOutcome[]> {
  const { records, context, dedupe, onProgress } = options;
  const confirmed = new Set(options.confirmed);
  const outcomes: EventOutcome[] = [];
  const wanted = records.map((record, index) => tasksOf(record, index, options));
  const missing = wanted.map((tasks) => tasks.filter(({ key }) => !confirmed.has(key)));
  // An earlier attempt may have ended between telling this and settling it.
  await settle(
    records.filter((_, index) => wanted[index]?.length && missing[index]?.length === 0),
    dedupe,
  );
  const claims = await take(
    records.filter((_, index) => missing[index]?.length),
    dedupe,
  );
  const tasks: Task[] = [];
  let elsewhere = 0;
  for (const [index, record] of records.entries()) {
    const claim = claims.get(record) ?? 'mine';
    if (wanted[index]?.length === 0) outcomes.push('filtered');
    else if (claim === 'taken') elsewhere += 1;
    else if (claim === 'delivered') outcomes.push('duplicate');
    else {
      tasks.push(...(missing[index] ?? []));
      outcomes.push('delivered');
    }
  }
  const failures: { sink: Sink; error: unknown }[] = [];
  let tried = 0;
  while (tried < tasks.length && !context.signal.aborted) {
    const part = tasks.slice(tried, tried + DELIVERIES_AT_A_TIME);
    const before = confirmed.size;
    const results = await settled(part, context, confirmed, onProgress);
    tried += part.length;
    let retryable = 0;
    for (const [index, { sink }] of part.entries()) {
      const result = results[index];
      if (result?.status !== 'rejected') continue;
      failures.push({ sink, error: result.reason });
      if (!DeadLetterError.is(result.reason)) retryable += 1;
    }
    const complete = recordsOf(part).filter((record) =>
      tasks.every((task) => task.record !== record || confirmed.has(task.key)),
    );
    const done = tried === tasks.length && failures.length === 0 && elsewhere === 0;
    try {
      await settle(complete, dedupe);
    } catch (error) {
      // The next attempt settles them, without their sinks.
      await onProgress(confirmed);
      throw error;
    }
    // Also while more is to come: what is confirmed is not delivered again if this process dies.
    if (!done && confirmed.size > before) await onProgress(confirmed);
    // Nothing gets through: the rest would only wait for the same.
    if (retryable === part.length) break;
  }
  const left = tasks.length - tried;
  if (failures.length > 0 || left > 0) {
    // The daemon stops hard, or the job is another's: neither is the event's fault.
    if (context.signal.aborted) throw new NotNowError('the delivery was given up', 0);
    throw failureOf(failures, left);
  }
  if (elsewhere > 0)
    throw new NotNowError('an event with the same key is being delivered', DUPLICATE_WAIT_MS);
  return outcomes;
}

/** Makes the deliveries; one that has to wait for its sink does not keep the confirmations of the others from being told. */
async function settled(
  part: readonly Task[],
  context: DeliveryContext,
  confirmed: Set<string>,
  onProgress: DeliveryOptions['onProgress'],
): Promise<PromiseSettledResult<void>[]> {
  let told = confirmed.size;
  const telling = setInterval(() => {
    if (confirmed.size === told) return;
    told = confirmed.size;
    // What is not told now is told with all of the part.
    onProgress(confirmed).catch(() => {});
  }, TELL_EVERY_MS);
  try {
    return await Promise.allSettled(
      part.map(async ({ sink, record, key }) => {
        await sink.deliver(record, context);
        confirmed.add(key);
      }),
    );
  } finally {
    clearInterval(telling);
  }
}

/** The deliveries of one event, made or not. */
function tasksOf(record: EventRecord, index: number, { records, sinks }: DeliveryOptions): Task[] {
  const wanting = sinks.filter((sink) => sink.wants(record.messagetype));
  // Configured otherwise when the event was handed off: never to be taken for delivered.
  if (wanting.length === 0) throw new Error(`no sink takes ${record.messagetype}`);
  return wanting
    .filter((sink) => sink.selects?.(record) ?? true)
    .map((sink) => ({ sink, record, key: records.length === 1 ? sink.name : `${sink.name}#${index}` }));
}

function recordsOf(tasks: readonly Task[]): EventRecord[] {
  return [...new Set(tasks.map(({ record }) => record))];
}

/** @param left deliveries that were not tried */
function failureOf(failures: readonly { sink: Sink; error: unknown }[], left: number): Error {
  const errors = failures.map(({ error }) => error);
  const down = errors.find((error) => error instanceof SinkDownError);
  if (down !== undefined) return new NotNowError(describeError(down), down.delay);
  const reason = clip(reasonOf(failures, left), REASON_MOST);
  const hopeless = left === 0 && errors.every((error) => DeadLetterError.is(error));
  const failure = hopeless
    ? new UnrecoverableError(reason)
    : new AttemptFailedError(reason, Math.max(0, ...errors.map(delayOf)), { cause: errors[0] });
  // Kept with the message for whoever looks at its dead letter.
  if (failures.length > 0) failure.stack = errorChain(failures);
  return failure;
}

function reasonOf(failures: readonly { sink: Sink; error: unknown }[], left: number): string {
  const told = failures
    .slice(0, FAILURES_TOLD)
    .map(({ sink, error }) => `${sink.name}: ${describeError(error)}`);
  const more = failures.length - told.length;
  const rest = [...(more > 0 ? [`and ${more} more`] : []), ...(left > 0 ? [`${left} not tried`] : [])];
  return [...told, ...rest].join('; ');
}
