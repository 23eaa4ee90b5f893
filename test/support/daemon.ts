/** `receiptd run` as a child process, with what it says of itself over its ops HTTP. */
import type { Status } from '../../src/ops/index.js';
import { Child, type ChildOptions } from './child.js';
import { until } from './until.js';

export interface Readiness {
  ready: boolean;
  reasons: string[];
}

export class Daemon extends Child {
  readonly opsUrl: string;

  constructor(configFile: string, opsPort: number, options: ChildOptions, flags: readonly string[] = []) {
    super(['run', '-c', configFile, ...flags], options);
    this.opsUrl = `http://127.0.0.1:${opsPort}`;
  }

  /** What `/readyz` answers; undefined before it listens. */
  async readiness(): Promise<Readiness | undefined> {
    if (this.exited !== undefined) {
      throw new Error(`the daemon has ended with ${JSON.stringify(this.exited)}: ${this.stderr}`);
    }
    const answer = await fetch(`${this.opsUrl}/readyz`).catch(() => undefined);
    return (await answer?.json()) as Readiness | undefined;
  }

  async untilReady(): Promise<void> {
    let last: Readiness | undefined;
    await until('a ready daemon', async () => {
      last = await this.readiness();
      return last?.ready === true;
    }).catch((error: Error) => {
      throw new Error(`${error.message}, not ${JSON.stringify(last)}\n${this.stderr}`);
    });
  }

  /** Resolves with the reasons of a false `/readyz` once one of them matches. */
  async untilNotReady(reason: RegExp): Promise<string[]> {
    let last: Readiness | undefined;
    return until(`/readyz to be false with ${reason}`, async () => {
      last = await this.readiness();
      return last?.ready === false && last.reasons.some((line) => reason.test(line)) && last.reasons;
    }).catch((error: Error) => {
      throw new Error(`${error.message}, not ${JSON.stringify(last)}\n${this.stderr}`);
    });
  }

  async status(): Promise<Status> {
    return (await (await fetch(`${this.opsUrl}/api/status`)).json()) as Status;
  }

  async deadLetters(): Promise<number> {
    const page = (await (await fetch(`${this.opsUrl}/api/dead`)).json()) as { total: number };
    return page.total;
  }

  /** Waits until it has logged such a message. */
  async untilLogged(message: RegExp): Promise<void> {
    await until(`the log to say ${message}`, () => this.stderrLines.some((line) => message.test(line)));
  }
}
