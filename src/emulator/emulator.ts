/**
 * Alibaba's cloud as far as a receipt consumer sees it: dybaseapi's token call and the MNS queues, on one port. Put
 * together here from its rooms, and handed to tests as one object; everything lives in memory and ends with it.
 */
import { ReceiptdError } from '../errors.js';
import { handleAdmin } from './admin.js';
import { Clock } from './clock.js';
import { type Fault, FaultPlan } from './faults.js';
import { MnsAuthenticator } from './mns-auth.js';
import type { MnsOperation } from './mns-call.js';
import { MnsService } from './mns-service.js';
import { PopService } from './pop-service.js';
import type { MessageQueue, QueueOptions, QueueView } from './queue.js';
import { QueueRegistry } from './queue-registry.js';
import { sampleReceipt } from './samples.js';
import { EmulatorServer } from './server.js';
import { Counters, type EmulatorStats } from './stats.js';
import { TokenStore } from './token-store.js';

export interface EmulatorOptions {
  /** @default '127.0.0.1' */
  host?: string;
  /** 0: any free one. @default 0 */
  port?: number;
  /** The customer's own long-lived key. @default 'testId' */
  accessKeyId?: string;
  /** @default 'testSecret' */
  accessKeySecret?: string;
  queues?: readonly QueueOptions[];
  /** Seconds a token works. @default 3600 */
  tokenLife?: number;
  /** Milliseconds the emulator's clock is ahead of this machine's. @default 0 */
  clockOffset?: number;
}

export type Operation = MnsOperation | 'QueryTokenForMnsQueue';

export class Emulator {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly #queues: QueueRegistry;
  readonly #tokens: TokenStore;
  readonly #faults = new FaultPlan();
  readonly #counters = new Counters();
  readonly #server: EmulatorServer;
  readonly #host: string;
  #port: number;
  #generated = 0;
  #closed: Promise<void> | undefined;

  constructor(options: EmulatorOptions = {}) {
    this.accessKeyId = options.accessKeyId ?? 'testId';
    this.accessKeySecret = options.accessKeySecret ?? 'testSecret';
    this.#host = options.host ?? '127.0.0.1';
    this.#port = options.port ?? 0;
    const clock = new Clock(options.clockOffset);
    this.#queues = new QueueRegistry(clock);
    this.#tokens = new TokenStore(clock, options.tokenLife ?? 3600);
    const authenticator = new MnsAuthenticator(clock, this.#tokens, this.accessKeyId, this.accessKeySecret);
    this.#server = new EmulatorServer({
      clock,
      counters: this.#counters,
      mns: new MnsService(this.#queues, authenticator, this.#faults, this.#counters),
      pop: new PopService(clock, this.#tokens, this.#faults, this.#counters, this),
      admin: (method, target, body) => handleAdmin(this, method, target, body),
    });
    for (const queue of options.queues ?? []) this.createQueue(queue);
  }

  /** Called once, by {@link startEmulator}. */
  async listen(): Promise<void> {
    this.#port = await this.#server.listen(this.#host, this.#port);
  }

  /** The endpoint for MNS and for dybaseapi alike, without a slash at the end. */
  get url(): string {
    const host = this.#host === '0.0.0.0' ? '127.0.0.1' : this.#host === '::' ? '::1' : this.#host;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  createQueue(options: QueueOptions): QueueView {
    try {
      return this.#queues.create(options);
    } catch (cause) {
      throw new ReceiptdError('EMULATOR_QUEUE', `queue ${options.name}: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  get queues(): readonly QueueView[] {
    return this.#queues.all();
  }

  hasQueue(name: string): boolean {
    return this.#queues.find(name) !== undefined;
  }

  /** A live view: its numbers follow the queue. */
  queue(name: string): QueueView {
    return this.#queue(name);
  }

  /** Sends a receipt the way Cloud Communications does: Base64 of its JSON text. Returns the MessageId. */
  send(queueName: string, receipt: unknown): string {
    return this.sendBody(queueName, Buffer.from(JSON.stringify(receipt)).toString('base64'));
  }

  /** Sends a message body as it is. Returns the MessageId. */
  sendBody(queueName: string, body: string): string {
    return this.#queue(queueName).send(body).id;
  }

  /** Sends that many sample receipts of the queue's type, each with business ids nobody else in this emulator has. */
  generate(queueName: string, count: number): void {
    const { messageType } = this.#queue(queueName);
    for (let i = 0; i < count; i++) this.send(queueName, sampleReceipt(messageType, this.#generated++));
  }

  get stats(): EmulatorStats {
    return this.#counters.snapshot(this.#queues.all().reduce((sum, queue) => sum + queue.waiting, 0));
  }

  /** Every token issued so far stops working at once. */
  revokeTokens(): void {
    this.#tokens.revokeAll();
  }

  /**
   * The next `count` calls of the operation fail, after faults ordered earlier; they have no other effect. 0 calls off
   * all that was ordered for it.
   */
  failNext(operation: Operation, count: number, fault: Fault): void {
    this.#faults.add(operation, count, fault);
  }

  /** Cuts all connections and frees the port. May be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#server.close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #queue(name: string): MessageQueue {
    const queue = this.#queues.find(name);
    if (queue === undefined) throw new ReceiptdError('EMULATOR_QUEUE', `the emulator has no queue ${name}`);
    return queue;
  }
}

export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = new Emulator(options);
  await emulator.listen();
  return emulator;
}
