/**
 * Makes sure that what was added to a Redis survives the loss of its machine's power, as far as that Redis can: written
 * to its append-only file (always, or waited for with WAITAOF where it writes every second), and on a replica where it has
 * any (WAIT). What is waited for is a write made after the adds, on a connection of its own, because a connection that
 * waits does nothing else; all who ask meanwhile share the next wait.
 */
import type { Redis } from 'ioredis';
import { ReceiptdError, UsageError } from '../../errors.js';
import { Group } from '../group.js';

/** ms */
const WAIT_MS = 5_000;
const MARKER_LIFE_S = 3_600;

/** The calls of Redis that it takes. */
export type DurableClient = Pick<Redis, 'info' | 'set' | 'wait' | 'call' | 'on'>;

interface Plan {
  /** WAITAOF before anything counts as kept. */
  waitForFile: boolean;
  replicas: number;
  /** What may be lost all the same, one line. */
  warning?: string;
}

export class RedisDurability {
  readonly #client: DurableClient;
  readonly #marker: string;
  readonly #waiting = new Group<void, void>(async () => {
    await this.#wait();
    return [];
  });
  #plan: Promise<Plan> | undefined;

  /** @param client of this alone @param marker key that it may write */
  constructor(client: DurableClient, marker: string) {
    this.#client = client;
    this.#marker = marker;
    // It may be another server, or set otherwise.
    client.on('ready', () => {
      this.#plan = undefined;
    });
  }

  /** @throws {UsageError} when nothing is kept @returns what may be lost all the same */
  async check(): Promise<string | undefined> {
    return (await this.#planned()).warning;
  }

  /** Resolves when all that was added before is kept. @throws when it is not known to be */
  makeDurable(): Promise<void> {
    return this.#waiting.add();
  }

  async #wait(): Promise<void> {
    const { waitForFile, replicas } = await this.#planned();
    if (!waitForFile && replicas === 0) return;
    await this.#client.set(this.#marker, '', 'EX', MARKER_LIFE_S);
    if (waitForFile) {
      const [local] = (await this.#client.call('WAITAOF', 1, 0, WAIT_MS)) as [number, number];
      if (local < 1) throw this.#tooFew('has not written it to its append-only file');
    }
    if (replicas > 0 && (await this.#client.wait(1, WAIT_MS)) < 1) {
      // The next try finds out whether there still are any.
      this.#plan = undefined;
      throw this.#tooFew('has not got it to a replica');
    }
  }

  #tooFew(what: string): ReceiptdError {
    return new ReceiptdError('REDIS_NOT_DURABLE_YET', `Redis ${what} within ${WAIT_MS / 1000} s`);
  }

  #planned(): Promise<Plan> {
    if (this.#plan === undefined) {
      const plan = this.#ask();
      this.#plan = plan;
      plan.catch(() => {
        if (this.#plan === plan) this.#plan = undefined;
      });
    }
    return this.#plan;
  }

  async #ask(): Promise<Plan> {
    const info = await this.#client.info('everything');
    if (!/^aof_enabled:1/m.test(info)) throw notDurable('appendonly no', 'appendonly yes');
    const fsync = await this.#fsync();
    if (fsync === 'no') throw notDurable('appendfsync no', 'appendfsync everysec, or always');
    const replicas = Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0);
    if (fsync === 'always') return { waitForFile: false, replicas };
    if (hasWaitaof(/^redis_version:(\S+)/m.exec(info)?.[1])) return { waitForFile: true, replicas };
    if (replicas > 0) return { waitForFile: false, replicas };
    return {
      waitForFile: false,
      replicas,
      warning:
        'pipeline.ackOn: enqueued on a Redis before 7.2 that writes its AOF every second and has no replica: if its machine loses power, what was deleted from MNS in the last second or two is lost; set appendfsync always, or use ackOn: delivered',
    };
  }

  /** Undefined where it may not be asked: managed servers often hide their configuration. */
  async #fsync(): Promise<string | undefined> {
    const answer = await this.#client.call('CONFIG', 'GET', 'appendfsync').catch((error: Error) => {
      if (/NOPERM|unknown command|ERR/.test(error.message)) return undefined;
      throw error;
    });
    return Array.isArray(answer) ? String(answer[1]) : undefined;
  }
}

function notDurable(setting: string, advice: string): UsageError {
  return new UsageError(
    'REDIS_NOT_DURABLE',
    `pipeline.ackOn: enqueued needs a store that survives the loss of power, and this Redis has ${setting}: set ${advice}, or use ackOn: delivered`,
  );
}

function hasWaitaof(version = '0'): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 7 || (major === 7 && minor >= 2);
}
