/**
 * Makes sure that what was added to a Redis survives the loss of its machine's power, as far as that Redis can: written
 * to its append-only file (always, or waited for with WAITAOF where it writes every second), and on a replica where it has
 * any (WAIT). What is waited for is a write made after the adds, on a connection of its own, because a connection that
 * waits does nothing else; all who ask meanwhile share the next wait. In a cluster it is made in the slot of the adds, and
 * what is asked without a key goes with it to the same node.
 */
import { ReceiptdError, UsageError } from '../../errors.js';
import { Group } from '../group.js';
import type { RedisClient } from './connect.js';

/** ms */
const WAIT_MS = 5_000;
const MARKER_LIFE_S = 3_600;

/** The calls of Redis that it takes. */
export interface DurableClient extends Pick<RedisClient, 'set'> {
  on(event: 'ready' | '+node', listener: () => void): unknown;
  pipeline(commands: unknown[][]): { exec(): Promise<[Error | null, unknown][] | null> };
}

/** Asks one server. */
export type Ask = (name: string, ...args: (string | number)[]) => Promise<unknown>;

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
  readonly #replicating = new Group<void, void>(async () => {
    await this.#replicate();
    return [];
  });
  #plan: Promise<Plan> | undefined;

  /** @param client of those alone that wait @param marker key that it may write, in the slot of what is waited for */
  constructor(client: DurableClient, marker: string) {
    this.#client = client;
    this.#marker = marker;
    // It may be another server, or set otherwise.
    const forget = () => {
      this.#plan = undefined;
    };
    client.on('ready', forget);
    client.on('+node', forget);
  }

  /** Resolves when all that was added before is kept. @throws when it is not known to be */
  makeDurable(): Promise<void> {
    return this.#waiting.add();
  }

  /** Resolves when all that was written before is on a replica, where there is any. @throws when it is not known to be */
  replicate(): Promise<void> {
    return this.#replicating.add();
  }

  async #replicate(): Promise<void> {
    await this.#mark();
    if (replicasIn(String(await this.#ask('INFO', 'replication'))) > 0) await this.#waitForReplica();
  }

  async #waitForReplica(): Promise<void> {
    if (Number(await this.#ask('WAIT', 1, WAIT_MS)) >= 1) return;
    // The next try finds out whether there still are any.
    this.#plan = undefined;
    throw this.#tooFew('has not got it to a replica');
  }

  async #wait(): Promise<void> {
    const { waitForFile, replicas } = await this.#planned();
    if (!waitForFile && replicas === 0) return;
    // Alone first: only so does it find the node that has the slot by now.
    await this.#mark();
    if (waitForFile) {
      const [local] = (await this.#ask('WAITAOF', 1, 0, WAIT_MS)) as [number, number];
      if (local < 1) throw this.#tooFew('has not written it to its append-only file');
    }
    if (replicas > 0) await this.#waitForReplica();
  }

  #tooFew(what: string): ReceiptdError {
    return new ReceiptdError('REDIS_NOT_DURABLE_YET', `Redis ${what} within ${WAIT_MS / 1000} s`);
  }

  #planned(): Promise<Plan> {
    if (this.#plan === undefined) {
      const plan = this.#mark().then(() => planOf(this.#ask));
      this.#plan = plan;
      plan.catch(() => {
        if (this.#plan === plan) this.#plan = undefined;
      });
    }
    return this.#plan;
  }

  async #mark(): Promise<void> {
    await this.#client.set(this.#marker, '', 'EX', MARKER_LIFE_S);
  }

  /** Behind a write of the marker, on the connection to the server that has it. */
  readonly #ask: Ask = async (name, ...args) => {
    const commands = [
      ['set', this.#marker, '', 'EX', MARKER_LIFE_S],
      ['call', name, ...args],
    ];
    const [marked, answer] = (await this.#client.pipeline(commands).exec()) ?? [];
    const error = marked?.[0] ?? answer?.[0];
    if (error) throw error;
    return answer?.[1];
  };
}

/** @throws {UsageError} when nothing is kept @returns what may be lost all the same */
export async function checkDurability(ask: Ask): Promise<string | undefined> {
  return (await planOf(ask)).warning;
}

async function planOf(ask: Ask): Promise<Plan> {
  const info = String(await ask('INFO', 'everything'));
  if (!/^aof_enabled:1/m.test(info)) throw notDurable('appendonly no', 'appendonly yes');
  const fsync = await fsyncOf(ask);
  if (fsync === 'no') throw notDurable('appendfsync no', 'appendfsync everysec, or always');
  const replicas = replicasIn(info);
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

function replicasIn(info: string): number {
  return Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0);
}

/** Undefined where it may not be asked: managed servers often hide their configuration. */
async function fsyncOf(ask: Ask): Promise<string | undefined> {
  const answer = await ask('CONFIG', 'GET', 'appendfsync').catch((error: Error) => {
    if (/NOPERM|unknown command|ERR/.test(error.message)) return undefined;
    throw error;
  });
  return Array.isArray(answer) ? String(answer[1]) : undefined;
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
