/** Shows how far a replay is, on standard error: a bar on a terminal, a plain line now and then elsewhere. */
import { SingleBar } from 'cli-progress';

export interface ProgressOptions {
  stream: NodeJS.WriteStream;
  /** A bar that is drawn over and over; else plain lines. */
  bar: boolean;
  /** Undefined when nobody knows: then there is no ETA. */
  totalBytes: number | undefined;
  /** Messages done with so far, those of an earlier run included. */
  done(): number;
  failures(): number;
  /** ms between two looks; default: 200 for a bar, 5000 for lines. */
  every?: number;
}

const DRAW_EVERY_MS = 200;
const LINE_EVERY_MS = 5_000;
/** Looks over which the bar tells its ETA: ten seconds. */
const ETA_BUFFER = 50;
const CLEAR_LINE = '\r\x1b[2K';

export class Progress {
  readonly #options: ProgressOptions;
  readonly #bar: SingleBar | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  readonly #before: number;
  #bytes = 0;

  constructor(options: ProgressOptions) {
    const { stream, bar, totalBytes, every = bar ? DRAW_EVERY_MS : LINE_EVERY_MS } = options;
    this.#options = options;
    this.#before = options.done();
    if (bar) {
      const counts = '{messages} messages | {rate}/s | {failures} failed';
      const format =
        totalBytes === undefined ? counts : `{bar} {percentage}% | ${counts} | ETA {eta_formatted}`;
      this.#bar = new SingleBar({
        stream,
        format,
        hideCursor: true,
        etaBuffer: ETA_BUFFER,
        clearOnComplete: true,
      });
      this.#bar.start(Math.max(1, totalBytes ?? 1), 0, this.#figures());
    }
    this.#timer = setInterval(() => this.#show(), every);
    this.#timer.unref();
  }

  /** So many more bytes of the files have been read. */
  bytes(count: number): void {
    this.#bytes += count;
  }

  /** One line, which stays. */
  note(text: string): void {
    this.#options.stream.write(`${this.#bar === undefined ? '' : CLEAR_LINE}${text}\n`);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#bar === undefined) return;
    this.#bar.stop();
    this.#options.stream.write(CLEAR_LINE);
  }

  /** ms since it began */
  get elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  #show(): void {
    const { messages, rate, failures } = this.#figures();
    if (this.#bar !== undefined) this.#bar.update(this.#bytes, { messages, rate, failures });
    else this.note(`${messages} messages (${rate}/s), ${failures} failed${this.#outlook()}`);
  }

  /** How much has been read, and how long the rest will take at that speed. */
  #outlook(): string {
    const { totalBytes } = this.#options;
    if (totalBytes === undefined || totalBytes === 0) return '';
    const part = Math.min(1, this.#bytes / totalBytes);
    const percent = `, ${Math.floor(part * 100)} % read`;
    if (part === 0 || part === 1) return percent;
    return `${percent}, ETA ${Math.ceil((this.elapsed / 1000) * (1 / part - 1))} s`;
  }

  #figures(): { messages: string; rate: string; failures: string } {
    const { done, failures } = this.#options;
    const count = done();
    const rate = ((count - this.#before) * 1000) / Math.max(1, this.elapsed);
    return { messages: whole(count), rate: whole(rate), failures: whole(failures()) };
  }
}

export function whole(count: number): string {
  return Math.round(count).toLocaleString('en');
}
