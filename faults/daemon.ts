/**
 * One `receiptd run`, under a supervisor as in production: whenever it has ended it is started again, after the pause of
 * the fault that ended it, or soon when it ended by itself, which is noted.
 */
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Status } from '../src/ops/index.js';
import type { DeadLetterPage } from '../src/pipeline/index.js';
import { type Exit, Process } from './process.js';

const run = promisify(execFile);
/** ms until a daemon that has ended by itself is started again. */
const RESTART_MS = 1_000;
/** ms; generous, as it only decides when a failure is told. */
const START_LIMIT_MS = 60_000;
const LOOK_AGAIN_MS = 50;

export interface DaemonOptions {
  name: string;
  cli: string;
  directory: string;
  configFile: string;
  opsPort: number;
  /** The directory of its ndjson files. */
  output: string;
  onEnd(what: string): void;
}

export interface Readiness {
  ready: boolean;
  reasons: string[];
}

export class Daemon {
  readonly name: string;
  readonly output: string;
  /** kill -9 */
  kills = 0;
  /** SIGTERM */
  stops = 0;
  /** SIGTERMs after which it did not exit with 0 in time. */
  unclean = 0;
  /** How it ended without having been told to. */
  readonly accidents: string[] = [];
  readonly #options: DaemonOptions;
  #process: Process | undefined;
  #ending = false;

  constructor(options: DaemonOptions) {
    this.name = options.name;
    this.output = options.output;
    this.#options = options;
  }

  get log(): string {
    return join(this.#options.directory, `${this.name}.log`);
  }

  get memory(): number {
    return this.#process?.memory ?? 0;
  }

  start(): void {
    const { cli, configFile, directory } = this.#options;
    this.#ending = false;
    const child = new Process(cli, ['run', '-c', configFile], { log: this.log, cwd: directory });
    this.#process = child;
    void child.exit.then((exit) => this.#ended(child, exit));
  }

  /** Ends it by a signal, once it is up, and starts it again after a pause. */
  async restart(signal: 'SIGKILL' | 'SIGTERM', pause: number): Promise<void> {
    await this.untilUp();
    this.#ending = true;
    const exit = await this.#process?.end(signal);
    if (signal === 'SIGKILL') this.kills += 1;
    else this.stops += 1;
    if (signal === 'SIGTERM' && exit?.code !== 0) {
      this.unclean += 1;
      this.#options.onEnd(`${this.name} was told to stop and ended with ${JSON.stringify(exit)}`);
    }
    await sleep(pause);
    this.start();
  }

  /** @returns how it ended; undefined when it does not run */
  async stop(): Promise<Exit | undefined> {
    this.#ending = true;
    return this.#process?.end('SIGTERM');
  }

  async kill(): Promise<void> {
    this.#ending = true;
    await this.#process?.end('SIGKILL');
  }

  /** Resolves when its ops HTTP answers, ready or not. */
  untilUp(): Promise<void> {
    return this.#until('come up', (answer) => answer !== undefined);
  }

  untilReady(): Promise<void> {
    return this.#until('become ready', (answer) => answer?.ready === true);
  }

  async readiness(): Promise<Readiness | undefined> {
    return (await this.#get('/readyz')) as Readiness | undefined;
  }

  /** Jobs in the store that are not finished; undefined when it does not say. */
  async backlog(): Promise<number | undefined> {
    const status = (await this.#get('/api/status')) as Status | undefined;
    return status?.queues[0]?.backlog;
  }

  /** Also where the first question meets a connection to the store that has been half-open since it was last used. */
  async deadLetters(limit = 45_000): Promise<string[]> {
    const givenUpAt = performance.now() + limit;
    for (;;) {
      const page = (await this.#get('/api/dead?limit=1000')) as Partial<DeadLetterPage> | undefined;
      if (page?.deadLetters !== undefined) return page.deadLetters.map(({ messageId }) => messageId);
      if (performance.now() > givenUpAt)
        throw new Error(`${this.name} does not tell its dead letters, see ${this.log}`);
      await sleep(LOOK_AGAIN_MS);
    }
  }

  /** Its files can grow no further, as on a full disk, for so long. @returns false where that cannot be arranged */
  async fillDisk(length: number): Promise<boolean> {
    const child = this.#process;
    if (child === undefined) return true;
    const sizes = readdirSync(this.output).map((file) => statSync(join(this.output, file)).size);
    // Some more than it has: the write that meets the limit is cut short.
    if (!(await limitFiles(child.pid, `${Math.max(0, ...sizes) + 4_000}`))) return !child.running;
    await sleep(length);
    if (child.running) await limitFiles(child.pid, 'unlimited');
    return true;
  }

  #ended(child: Process, exit: Exit): void {
    if (this.#ending || this.#process !== child) return;
    const how = exit.signal ?? `code ${exit.code}`;
    this.accidents.push(how);
    this.#options.onEnd(`${this.name} ended by itself with ${how}`);
    setTimeout(() => {
      if (!this.#ending && this.#process === child) this.start();
    }, RESTART_MS);
  }

  async #until(what: string, holds: (answer: Readiness | undefined) => boolean): Promise<void> {
    const givenUpAt = performance.now() + START_LIMIT_MS;
    for (;;) {
      const answer = await this.readiness();
      if (holds(answer)) return;
      if (performance.now() > givenUpAt)
        throw new Error(
          `${this.name} does not ${what} (${answer?.reasons.join('; ') ?? 'no answer'}), see ${this.log}`,
        );
      await sleep(LOOK_AGAIN_MS);
    }
  }

  async #get(path: string): Promise<unknown> {
    try {
      const url = `http://127.0.0.1:${this.#options.opsPort}${path}`;
      return await (await fetch(url, { signal: AbortSignal.timeout(12_000) })).json();
    } catch {
      return undefined;
    }
  }
}

/** The soft limit alone, so that it can be lifted again without privileges. */
async function limitFiles(pid: number, bytes: string): Promise<boolean> {
  try {
    await run('prlimit', ['--pid', `${pid}`, `--fsize=${bytes}:`]);
    return true;
  } catch {
    return false;
  }
}
