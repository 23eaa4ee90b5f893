/** The emulator in a process of its own, and its admin API over one connection that never gets in the way of counting. */
import { Client } from 'undici';
import type { EmulatorStats, QueueCounters } from '../src/emulator/index.js';
import { Child } from './child.js';
import { CLI } from './paths.js';

/** More than one request can carry of receipts in the making without holding up the others. */
const GENERATE = 10_000;

export interface Stats extends EmulatorStats {
  queues: Record<string, QueueCounters>;
}

export class EmulatorProcess {
  readonly url: string;
  readonly child: Child;
  readonly #admin: Client;

  private constructor(child: Child, url: string) {
    this.child = child;
    this.url = url;
    this.#admin = new Client(url, { keepAliveTimeout: 100_000 });
  }

  static async start(queues: readonly string[]): Promise<EmulatorProcess> {
    const flags = queues.flatMap((name) => ['--queue', `${name}=SmsReport`]);
    const child = Child.node('emulator', CLI, ['emulator', '--port', '0', ...flags]);
    const [, url = ''] = await child.says(/listening on (\S+)/);
    const emulator = new EmulatorProcess(child, url);
    await emulator.stats();
    return emulator;
  }

  stats(): Promise<Stats> {
    return this.#ask('GET', 'stats') as Promise<Stats>;
  }

  async generate(queueName: string, count: number): Promise<void> {
    for (let left = count; left > 0; left -= GENERATE)
      await this.#ask('POST', `queues/${queueName}/generate`, { count: Math.min(left, GENERATE) });
  }

  async stop(): Promise<void> {
    await this.#admin.close();
    await this.child.stop();
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
