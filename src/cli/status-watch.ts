/** `receiptd status --watch`: asks again and again, and shows it on a terminal, or writes it one after the other elsewhere. */
import { pause } from '../backoff.js';
import { describeError, ReceiptdError } from '../errors.js';
import type { Status } from '../ops/index.js';
import { spanOf } from '../span.js';
import { Screen } from './screen.js';
import { type Paint, viewOf } from './status-view.js';
import { Throughput } from './throughput.js';

export interface WatchOptions {
  /** @throws {ReceiptdError} `OPS_UNREACHABLE` while the daemon does not answer: it may come back */
  ask(): Promise<Status>;
  /** ms between two looks */
  interval: number;
  json: boolean;
  paint: Paint;
  /** What is asked, for people. */
  url: string;
}

/** One look: the status, or why there is none. */
type Look = { status: Status } | { unreachable: string };

/** @returns whether the daemon was ready when it was last looked at */
export async function watchStatus(options: WatchOptions): Promise<boolean> {
  const end = new AbortController();
  const { stdout, stdin } = process;
  if (stdout.isTTY && !options.json) {
    let redraw = () => {};
    const screen = new Screen(
      stdout,
      stdin,
      () => end.abort(),
      () => redraw(),
    );
    const picture = new Picture(options);
    redraw = () => screen.draw(picture.lines(screen.width));
    try {
      return await looks(options, end.signal, (look) => {
        picture.note(look);
        redraw();
      });
    } finally {
      screen.close();
    }
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => end.abort());
  const picture = new Picture(options);
  return looks(options, end.signal, (look) => {
    picture.note(look);
    stdout.write(options.json ? `${JSON.stringify(asJson(look))}\n` : `${picture.lines(80).join('\n')}\n\n`);
  });
}

async function looks(
  { ask, interval }: WatchOptions,
  signal: AbortSignal,
  show: (look: Look) => void,
): Promise<boolean> {
  let ready = false;
  const ended = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  while (!signal.aborted) {
    const look = await Promise.race([lookAt(ask), ended]);
    if (look === undefined) break;
    ready = 'status' in look && look.status.ready;
    show(look);
    await pause(interval, signal);
  }
  return ready;
}

async function lookAt(ask: WatchOptions['ask']): Promise<Look> {
  try {
    return { status: await ask() };
  } catch (error) {
    // A refusal stays one.
    if (error instanceof ReceiptdError && /^OPS_(UNREACHABLE|LOST)$/.test(error.code))
      return { unreachable: describeError(error) };
    throw error;
  }
}

/** With what whoever reads it asks for in any case. */
function asJson(look: Look): object {
  return 'status' in look ? look.status : { ready: false, reasons: [look.unreachable] };
}

/** What is known so far, drawn. While there is no answer the last one is still shown, and said to be old. */
class Picture {
  readonly #options: WatchOptions;
  readonly #throughput = new Throughput();
  #last: { status: Status; at: number } | undefined;
  #unreachable: string | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  note(look: Look): void {
    this.#unreachable = 'unreachable' in look ? look.unreachable : undefined;
    if (!('status' in look)) return;
    this.#last = { status: look.status, at: Date.now() };
    this.#throughput.note(look.status, performance.now());
  }

  lines(width: number): string[] {
    const { paint, url, interval } = this.#options;
    const now = Date.now();
    const head = paint('faint', `${clock(now)}  ${url}  every ${interval / 1000} s, q ends`);
    const last = this.#last;
    const trouble = this.#unreachable === undefined ? [] : [paint('bad', this.#unreachable)];
    if (last === undefined) return [head, ...(trouble.length > 0 ? trouble : ['waiting for an answer'])];
    const age = this.#unreachable === undefined ? [] : [`what it said ${spanOf(now - last.at)} ago:`];
    const view = viewOf(last.status, { now, width, paint });
    return [head, ...trouble, ...age, ...view, '', ...this.#sparkline(width)];
  }

  #sparkline(width: number): string[] {
    const columns = Math.max(10, Math.min(120, width - 2));
    const line = this.#throughput.line(columns);
    if (line === '') return [];
    const top = this.#throughput.top(columns);
    return [`delivered/s, up to ${top < 10 ? top.toFixed(1) : Math.round(top)}`, `  ${line}`];
  }
}

function clock(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
