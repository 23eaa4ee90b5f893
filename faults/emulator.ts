/** The emulator in a process of its own, steered over its admin API. */
import { Client } from 'undici';
import {
  type EmulatorStats,
  type QueueCounters,
  type Settings,
  sampleReceipt,
} from '../src/emulator/index.js';
import { Process } from './process.js';

export interface EmulatorOptions {
  cli: string;
  directory: string;
  queueName: string;
  /** s that a received message stays hidden */
  visibilityTimeout: number;
}

export interface Stats extends EmulatorStats {
  queues: Record<string, QueueCounters>;
}

export class EmulatorProcess {
  readonly queueName: string;
  readonly port: number;
  readonly process: Process;
  readonly #admin: Client;
  #sent = 0;

  private constructor(queueName: string, child: Process, url: string) {
    this.queueName = queueName;
    this.process = child;
    this.port = Number(new URL(url).port);
    this.#admin = new Client(url, { keepAliveTimeout: 100_000, headersTimeout: 60_000 });
  }

  static async start({
    cli,
    directory,
    queueName,
    visibilityTimeout,
  }: EmulatorOptions): Promise<EmulatorProcess> {
    const flags = [
      '--port',
      '0',
      '--queue',
      `${queueName}=SmsReport`,
      '--visibility-timeout',
      `${visibilityTimeout}`,
    ];
    const child = new Process(cli, ['emulator', ...flags], {
      log: `${directory}/emulator.log`,
      cwd: directory,
    });
    const [, url = ''] = await child.says(/listening on (\S+)/);
    return new EmulatorProcess(queueName, child, url);
  }

  async counters(): Promise<QueueCounters> {
    const { queues } = (await this.#ask('GET', 'stats')) as Stats;
    const counters = queues[this.queueName];
    if (counters === undefined) throw new Error(`the emulator has lost its queue ${this.queueName}`);
    return counters;
  }

  /** @returns the ids that the messages got */
  async send(count: number): Promise<string[]> {
    const receipts = Array.from({ length: count }, (_, n) => sampleReceipt('SmsReport', this.#sent + n));
    this.#sent += count;
    const { ids } = (await this.#ask('POST', `queues/${this.queueName}/send`, { receipts })) as {
      ids: string[];
    };
    return ids;
  }

  /** These rules and no others. */
  async faults(rules: readonly string[]): Promise<void> {
    await this.#ask('POST', 'faults', { faults: rules, replace: true });
  }

  async configure(settings: Partial<Settings>): Promise<void> {
    await this.#ask('POST', 'settings', settings);
  }

  async revokeTokens(): Promise<void> {
    await this.#ask('POST', 'revoke-tokens');
  }

  /** What the queue still has. */
  async messages(): Promise<{ id: string }[]> {
    const { messages } = (await this.#ask('GET', `queues/${this.queueName}`)) as {
      messages: { id: string }[];
    };
    return messages.map((message) => ({ ...message, body: undefined }));
  }

  async stop(): Promise<void> {
    await this.#admin.destroy();
    await this.process.end('SIGTERM');
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    const { statusCode, body: answer } = await this.#admin.request({
      method,
      path: `/_emulator/${path}`,
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (statusCode !== 200) throw new Error(`emulator: ${method} ${path}: ${await answer.text()}`);
    return answer.json();
  }
}
