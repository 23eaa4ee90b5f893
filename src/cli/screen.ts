/**
 * The alternate screen of a terminal, for something that is drawn again and again. Each picture is one write that goes over
 * the last one, so nothing flickers; lines that are too long are cut, and what was there before comes back at the end,
 * however that comes.
 */
import type { ReadStream, WriteStream } from 'node:tty';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';
/** Terminals that know it show nothing in between. */
const BEGIN_PICTURE = '\x1b[?2026h';
const END_PICTURE = '\x1b[?2026l';

const QUIT = new Set(['q', 'Q', '\x03', '\x04']);
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export class Screen {
  readonly #output: WriteStream;
  readonly #input: ReadStream;
  readonly #leave = () => this.close();
  #open = true;

  /**
   * @param onQuit somebody wants it to end: by q, Ctrl-C or a signal
   * @param onResize it has another size
   */
  constructor(output: WriteStream, input: ReadStream, onQuit: () => void, onResize: () => void) {
    this.#output = output;
    this.#input = input;
    output.write(ENTER);
    // Whatever ends the process, the terminal is as it was.
    process.once('exit', this.#leave);
    for (const name of SIGNALS) process.on(name, onQuit);
    output.on('resize', onResize);
    if (!input.isTTY) return;
    // Keys are ours: what is typed would stand in the picture otherwise.
    input.setRawMode(true);
    input.setEncoding('utf8');
    input.on('data', (keys: string) => {
      if ([...keys].some((key) => QUIT.has(key))) onQuit();
    });
  }

  get width(): number {
    return this.#output.columns || 80;
  }

  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const rows = this.#output.rows || 24;
    const shown =
      lines.length <= rows
        ? lines
        : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} more line(s): make the window larger`];
    const picture = shown.map((line) => `${line}${REST_OF_LINE}`).join('\r\n');
    this.#output.write(`${BEGIN_PICTURE}${HOME}${picture}${REST_OF_SCREEN}${END_PICTURE}`);
  }

  /** May be called again. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    process.off('exit', this.#leave);
    this.#output.write(LEAVE);
    if (!this.#input.isTTY) return;
    this.#input.setRawMode(false);
    this.#input.pause();
  }
}
