/** `receiptd` on a pseudo terminal, as somebody who sits before it has it. Made by the program `script` of util-linux. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Exit } from './child.js';
import { until } from './until.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const OBEYED = new RegExp(`${'\x1b'}\\[[\\d;?]*[A-Za-z]`, 'g');

export class Terminal {
  readonly #process: ChildProcess;
  readonly #exit: Promise<Exit>;
  #output = '';

  /** @param rows of its window, as many lines */
  constructor(args: readonly string[], rows = 24, columns = 100) {
    const quoted = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ');
    // `exec`, so that the process id that is told first is receiptd's.
    const command = `stty rows ${rows} cols ${columns}; echo "at $(tty) $$"; exec ${quoted}`;
    const { PATH = '' } = process.env;
    this.#process = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
      env: { PATH, TERM: 'xterm-256color', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#exit = new Promise((resolve) => {
      this.#process.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  /** All that was written to it, with what terminals obey. */
  get output(): string {
    return this.#output;
  }

  /** What is on the screen: of the last whole picture, without colours. */
  get picture(): string {
    const last =
      this.#output.slice(0, this.#output.lastIndexOf('\x1b[?2026l')).split('\x1b[?2026h').at(-1) ?? '';
    return last.replace(OBEYED, '');
  }

  async shows(text: RegExp): Promise<void> {
    await until(`the screen to show ${text}`, () => text.test(this.picture)).catch((error: Error) => {
      throw new Error(`${error.message}, not ${JSON.stringify(this.#output.slice(-2_000))}`);
    });
  }

  type(keys: string): void {
    this.#process.stdin?.write(keys);
  }

  resize(rows: number, columns: number): void {
    execFileSync('stty', ['-F', this.#told()[1] ?? '', 'rows', `${rows}`, 'cols', `${columns}`]);
  }

  /** To receiptd itself. */
  signal(name: NodeJS.Signals): void {
    process.kill(Number(this.#told()[2]), name);
  }

  end(): Promise<Exit> {
    return this.#exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exit;
  }

  #told(): readonly string[] {
    return /at (\S+) (\d+)/.exec(this.#output) ?? [];
  }
}
