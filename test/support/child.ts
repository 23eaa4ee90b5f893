/** `receiptd` as a process of its own, as its users have it: built, with real signals and a real exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** ms; less than a test may take, so that it is the test that fails, and cleans up after itself. */
const LIMIT = 45_000;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ChildOptions {
  /** The working directory, and the home: no file of whoever runs the tests is found. */
  cwd: string;
  env?: Readonly<Record<string, string>>;
}

export class Child {
  readonly #exit: Promise<Exit>;
  readonly #process: ChildProcess;
  #stdout = '';
  #stderr = '';
  #exited: Exit | undefined;

  constructor(args: readonly string[], { cwd, env = {} }: ChildOptions) {
    const { PATH = '' } = process.env;
    this.#process = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      // Without a metadata server to ask, the default chain of credentials gives up at once.
      env: { PATH, HOME: cwd, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#exit = new Promise((resolve) => {
      // After its streams have ended: nothing it said is missed.
      this.#process.once('close', (code, signal) => {
        this.#exited = { code, signal };
        resolve(this.#exited);
      });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get stderrLines(): string[] {
    return this.#stderr.split('\n').filter((line) => line !== '');
  }

  /** Undefined while it runs. */
  get exited(): Exit | undefined {
    return this.#exited;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** Resolves when it has ended. */
  async end(signal?: NodeJS.Signals): Promise<Exit> {
    if (signal !== undefined) this.signal(signal);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`waited in vain for it to end\n${this.#stderr}`)), LIMIT);
    });
    return Promise.race([this.#exit, late]).finally(() => clearTimeout(timer));
  }
}
