/**
 * Posts events to an HTTP endpoint, one or several a request. An answer confirms a whole request, and a receiver may see
 * an event again: a request that was delivered and whose answer got lost is sent anew, under the same ids.
 *
 * One bad event takes no others down: a batch that the receiver refuses for good is sent again one by one, and an event
 * that failed before goes alone.
 */
import type { SinkConfig } from '../../config/index.js';
import type { EventRecord } from '../../receipts/index.js';
import type { TlsOptions } from '../../tls-files.js';
import { VERSION } from '../../version.js';
import { Batcher, type Outcomes } from '../batcher.js';
import { DeadLetterError, type DeliveryContext, type Sink, type SinkOptions } from '../sink.js';
import { judge, WebhookError } from './answer.js';
import { basicAuth } from './auth.js';
import { type Hide, hiding, urlSecrets } from './hide.js';
import { pushedAlone } from './push.js';
import { Rate } from './rate.js';
import { contentOf, requestId } from './request.js';
import { Signer } from './signing.js';
import { webhookTls } from './tls.js';
import { WebhookTransport } from './transport.js';

/** Events of a batch that are refused in a row for what is not theirs: as many as tell so of the sink. */
const REFUSED = 5;

export type WebhookConfig = Extract<SinkConfig, { type: 'webhook' }>;
export type WebhookOptions = Omit<WebhookConfig, 'name' | 'types' | 'where'> & SinkOptions;

export class WebhookSink implements Sink {
  readonly name: string;
  readonly #options: WebhookOptions;
  readonly #headers: Record<string, string>;
  readonly #hide: Hide;
  readonly #signer: Signer;
  readonly #rate: Rate;
  readonly #transport: WebhookTransport;
  readonly #batcher: Batcher<EventRecord>;
  /** What the delivery of an event belongs to, where that is traced. */
  readonly #traces = new WeakMap<EventRecord, Readonly<Record<string, string>>>();
  #closed: Promise<void> | undefined;

  /** @throws {UsageError} when a file of `tls` cannot be used */
  static async open(options: WebhookOptions): Promise<WebhookSink> {
    return new WebhookSink(options, webhookTls(options.tls));
  }

  private constructor(options: WebhookOptions, tls: TlsOptions) {
    const { name, batch, concurrency, timeout } = options;
    const url = new URL(options.url);
    this.name = name;
    this.#options = options;
    const custom = Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value]);
    this.#headers = { 'user-agent': `receiptd/${VERSION}`, ...basicAuth(url), ...Object.fromEntries(custom) };
    const { 'user-agent': _, ...secretHeaders } = this.#headers;
    // A configured name has no colon.
    const named = !name.startsWith('webhook:');
    this.#hide = hiding([...Object.values(secretHeaders), ...options.secrets, ...urlSecrets(url, named)]);
    this.#signer = new Signer(options.secrets);
    this.#rate = new Rate(options.rate);
    this.#transport = new WebhookTransport({ url, connections: concurrency, timeout, tls, hide: this.#hide });
    this.#batcher = new Batcher({
      ...batch,
      concurrency,
      send: (records, signal) => this.#send(records, signal),
    });
  }

  wants(messageType: string): boolean {
    return this.#options.wants(messageType);
  }

  deliver(record: EventRecord, { attempt, signal, traceContext }: DeliveryContext): Promise<void> {
    const { format } = this.#options;
    if (traceContext !== undefined) this.#traces.set(record, traceContext);
    const batched = format === 'batch' || (format === 'alicom' && !pushedAlone(record.messagetype));
    return this.#batcher.add(record, {
      alone: !batched || attempt > 1,
      // The vendor pushes each message type to a URL of its own.
      group: format === 'alicom' ? record.messagetype : '',
      signal,
    });
  }

  drain(): void {
    this.#batcher.drain();
  }

  close(): Promise<void> {
    this.#closed ??= this.#batcher.close().then(() => this.#transport.close());
    return this.#closed;
  }

  async #send(records: readonly EventRecord[], signal: AbortSignal): Promise<Outcomes | undefined> {
    const refusal = await this.#post(records, signal);
    if (refusal === undefined) return undefined;
    if (records.length === 1 || !DeadLetterError.is(refusal)) throw refusal;
    return this.#isolate(records, signal);
  }

  /** One by one, as long as the receiver has something to say about each. */
  async #isolate(records: readonly EventRecord[], signal: AbortSignal): Promise<Outcomes> {
    const outcomes: (Error | undefined)[] = [];
    let refused = 0;
    for (const record of records) {
      const outcome = await this.#post([record], signal).catch((error: Error) => error);
      outcomes.push(outcome);
      const rest = (error: Error) => Array<Error>(records.length - outcomes.length).fill(error);
      // The receiver is down, or nobody waits any more: the rest fails like this one, and is tried again.
      if (outcome !== undefined && !DeadLetterError.is(outcome)) return [...outcomes, ...rest(outcome)];
      refused = outcome instanceof DeadLetterError && outcome.aboutSink ? refused + 1 : 0;
      if (refused === REFUSED) return [...outcomes, ...rest(new WebhookError(outcome?.message ?? ''))];
    }
    return outcomes;
  }

  /** @returns why they are not safe; throws where there was no answer */
  async #post(records: readonly EventRecord[], signal: AbortSignal): Promise<Error | undefined> {
    const { format } = this.#options;
    await this.#rate.turn(signal);
    const { headers, body } = contentOf(format, records);
    const signed = this.#signer.headers(requestId(records), body);
    // A request can belong to one trace only: that of its first event.
    const traced = records[0] && this.#traces.get(records[0]);
    const answer = await this.#transport.post(
      { ...traced, ...this.#headers, ...headers, ...signed },
      Buffer.from(body),
      signal,
    );
    return judge(answer, format === 'alicom', this.#hide);
  }
}
