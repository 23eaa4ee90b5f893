/**
 * Processes of the suite's own: started, logged into a file, measured, and ended by their id whatever happens to the
 * driver.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  /** What it says goes to the end of this file. */
  log: string;
  cwd: string;
}

export class Process {
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #log: WriteStream;
  #stdout = '';

  constructor(script: string, args: readonly string[], { log, cwd }: ProcessOptions) {
    const { PATH = '' } = process.env;
    this.#log = createWriteStream(log, { flags: 'a' });
    const child = spawn(process.execPath, [script, ...args], {
      cwd,
      // Without a metadata server to ask, the default chain of credentials gives up at once.
      env: { PATH, HOME: cwd, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true' },
      // Not the file itself: where the size of the daemon's files is limited, its log is not meant.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    alive.add(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (this.#stdout.length < 4_096) this.#stdout += text;
      this.#log.write(text);
    });
    child.stderr?.on('data', (bytes: Buffer) => this.#log.write(bytes));
    this.exit = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => alive.delete(child));
      child.once('close', (code, signal) => {
        this.#log.end();
        resolve({ code, signal });
      });
    });
    this.exit.catch(() => {});
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** MiB in memory; 0 where that is unknown. */
  get memory(): number {
    try {
      const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
      return Number(kib ?? 0) / 1024;
    } catch {
      return 0;
    }
  }

  /** Resolves with what the pattern finds in its first output. @throws when it ends before */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#stdout);
      if (found !== null) return found;
      if (!this.running) throw new Error(`${this.#child.spawnargs.join(' ')} did not start: ${this.#stdout}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.running) this.#child.kill(signal);
    return this.exit;
  }
}
