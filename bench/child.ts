/** Processes of the bench's own: started, waited for, measured, and ended by their id whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10;

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

export class Child {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<number | null>;
  #output = '';
  #notStarted: Error | undefined;
  #onOutput: () => void = () => {};

  constructor(name: string, command: string, args: readonly string[]) {
    this.#name = name;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    alive.add(child);
    this.#exited = new Promise((resolve, reject) => {
      child.once('error', (error) => {
        alive.delete(child);
        this.#notStarted = error;
        reject(error);
        this.#onOutput();
      });
      child.once('exit', (code) => {
        alive.delete(child);
        resolve(code);
        this.#onOutput();
      });
    });
    this.#exited.catch(() => {});
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#onOutput();
    });
  }

  static node(name: string, script: URL, args: readonly string[]): Child {
    return new Child(name, process.execPath, [fileURLToPath(script), ...args]);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** All it has written to its standard output. */
  get output(): string {
    return this.#output;
  }

  /** ms of CPU that it has used so far, all threads; NaN where the system does not tell. */
  get cpu(): number {
    try {
      const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8');
      // utime and stime, the 14th and 15th field; the second one, in brackets, may hold blanks.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    } catch {
      return Number.NaN;
    }
  }

  /** Resolves with what the pattern finds in its output. @throws when it ends before */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#output);
      if (found !== null) return found;
      if (!this.running)
        throw new Error(`${this.#name} did not start\n${this.#output}`, { cause: this.#notStarted });
      await new Promise<void>((resolve) => {
        this.#onOutput = resolve;
      });
    }
  }

  get running(): boolean {
    return !this.#notStarted && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Resolves when it has ended by itself. @throws when it failed */
  async done(): Promise<void> {
    const code = await this.#exited;
    if (code !== 0) throw new Error(`${this.#name} exited with ${code}`);
  }

  /** Asks it to end and waits until it has. @throws when it failed */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.done();
  }
}
