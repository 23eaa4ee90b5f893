/** What the database servers of the tests share: a process with a directory of its own, restartable, gone afterwards. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** ms; generous, as it only decides when a failure is told */
const START_LIMIT = 45_000;

export interface ServerCommand {
  file: string;
  args: readonly string[];
  cwd: string;
  /** Whom it runs as, where that is another than the one who runs the tests. */
  uid?: number | undefined;
  gid?: number | undefined;
}

export class OwnServer {
  readonly #command: ServerCommand;
  readonly #answers: () => Promise<boolean>;
  #process: ChildProcess | undefined;
  #said = '';

  /** @param answers whether the server takes queries */
  constructor(command: ServerCommand, answers: () => Promise<boolean>) {
    this.#command = command;
    this.#answers = answers;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts it (again); resolves when it answers. */
  async up(): Promise<void> {
    const givenUpAt = performance.now() + START_LIMIT;
    do {
      // After a kill -9 it may refuse to start while the last of its former children is still there.
      if (!this.#alive()) this.#spawn();
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (performance.now() > givenUpAt)
        throw new Error(`${this.#command.file} does not start: ${this.#said}`);
    } while (!(await this.#answers()));
  }

  async down(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || !this.#alive()) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
    this.#process = undefined;
  }

  #alive(): boolean {
    const child = this.#process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  #spawn(): void {
    const { file, args, cwd, uid, gid } = this.#command;
    const identity = { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], ...identity });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-4_000);
    });
    this.#process = child;
  }
}

/** Where a program is: in PATH, or else in one of these directories, the last that has it. */
export function findProgram(name: string, directories: readonly string[] = []): string {
  const inPath = (process.env.PATH ?? '').split(delimiter);
  const found = [...inPath, ...directories.toReversed()].map((dir) => join(dir, name)).find(existsSync);
  if (found === undefined) throw new Error(`${name} is not installed, see scripts/ensure-services.sh`);
  return found;
}

/** The directories below `parent`, in the order of their numbers, each with `rest` appended. */
export function versionsBelow(parent: string, rest: string): string[] {
  if (!existsSync(parent)) return [];
  const names = readdirSync(parent).sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  return names.map((name) => join(parent, name, rest));
}

export async function withDirectory<T>(name: string, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), `receiptd-${name}-`));
  try {
    return await use(directory);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Root's ids are of no use to a server that refuses to be root: those of the first of these users that there is. */
export function otherThanRoot(...users: string[]): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  for (const user of users) {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) =>
        Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
      );
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      // No such user.
    }
  }
  throw new Error(`none of these users is there: ${users.join(', ')}`);
}
