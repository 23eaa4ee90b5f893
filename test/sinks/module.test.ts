import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/index.js';
import { UsageError } from '../../src/errors.js';
import {
  DeadLetterError,
  deadLetter,
  delayOf,
  inlineHandlers,
  openSinks,
  RetryLaterError,
  retryAfter,
} from '../../src/sinks/index.js';
import { HandlersSink } from '../../src/sinks/module/module.js';
import { until } from '../support/until.js';
import { context, record } from './records.js';

const log = pino({ level: 'silent' });

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'receiptd-module-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function file(source: string, name = 'handlers.mjs'): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, source);
  return path;
}

async function load(source: string): Promise<HandlersSink> {
  return HandlersSink.load({ name: 'mine', path: await file(source), wants: () => true, log });
}

describe('a module that cannot be used', () => {
  test('because it is missing is refused with one line that names it', async () => {
    const loading = HandlersSink.load({ name: 'mine', path: './nowhere.mjs', wants: () => true, log });
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(/^sinks: \.\/nowhere\.mjs cannot be loaded: [^\n]+$/);
  });

  test.each([
    ['has a syntax error', 'export default {', /^sinks: .* cannot be loaded: [^\n]+$/],
    ['throws while it loads', 'throw new Error("no\\ndatabase")', /cannot be loaded: no database$/],
    [
      'imports what is not there',
      'import "nowhere-to-be-found"',
      /cannot be loaded: [^\n]*nowhere-to-be-found/,
    ],
    ['exports no default', 'export const SmsReport = () => {}', /^mine: there must be handlers: /],
    ['exports nothing', '', /^mine: there must be handlers: /],
    ['exports no handlers', 'export default {}', /^mine: there must be handlers: /],
    ['exports null', 'export default null', /^mine: there must be handlers: /],
    ['exports a function', 'export default () => {}', /^mine: there must be handlers: /],
    [
      'exports a handler that is none',
      'export default { SmsUp: 1 }',
      /^mine: the handler of SmsUp is not a f/,
    ],
  ])('because it %s is refused with one line', async (_, source, message) => {
    const error = await load(source).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: 'SINK_MODULE', message: expect.stringMatching(message) });
    expect((error as Error).message).not.toContain('\n');
  });

  test('closes the sinks that were opened before it', async () => {
    const sinks = [
      { type: 'ndjson' as const, path: join(directory, 'out.ndjson') },
      { type: 'module' as const, path: join(directory, 'nowhere.mjs') },
    ];
    const queues = [{ messageType: 'SmsReport', queueName: 'q' }];
    await expect(openSinks(parseConfig({ queues, sinks }).sinks, log)).rejects.toThrow(/nowhere\.mjs/);
  });
});

describe('handlers', () => {
  test('get the events of their type, parsed, and which attempt it is', async () => {
    const seen: unknown[] = [];
    const sink = inlineHandlers(
      {
        SmsReport: (event, { attempt }) => void seen.push([event.id, event.data.biz_id, attempt]),
        VoiceReport: () => void seen.push('voice'),
      },
      log,
    );
    await sink.deliver(record('a'), context());
    expect(seen).toEqual([['a', '1', 1]]);
  });

  test('say which types they want; default wants the rest', () => {
    const some = inlineHandlers({ SmsReport: () => {} }, log);
    expect(['SmsReport', 'SmsUp', 'constructor', 'toString'].map((type) => some.wants(type))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const all = inlineHandlers({ SmsReport: () => {}, default: () => {} }, log);
    expect(['SmsReport', 'SmsUp', 'NobodyKnows'].map((type) => all.wants(type))).toEqual([true, true, true]);
  });

  test('want no type that the configuration does not give them', async () => {
    const path = await file('export default { default() {} }');
    const sink = await HandlersSink.load({ name: 'mine', path, wants: (type) => type === 'SmsUp', log });
    expect(['SmsReport', 'SmsUp'].map((type) => sink.wants(type))).toEqual([false, true]);
  });

  test('called default get the events of types without one of their own', async () => {
    const seen: string[] = [];
    const sink = inlineHandlers(
      {
        SmsReport: () => void seen.push('sms'),
        default: (event) => void seen.push(event.messagetype),
      },
      log,
    );
    await sink.deliver(record('a'), context());
    await sink.deliver(record('b', { messagetype: 'FlowReport' }), context());
    expect(seen).toEqual(['sms', 'FlowReport']);
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('at once');
      },
      'at once',
    ],
    ['rejects', () => Promise.reject(new Error('later')), 'later'],
  ])('one that %s refuses the event', async (_, SmsReport, message) => {
    await expect(inlineHandlers({ SmsReport }, log).deliver(record('a'), context())).rejects.toThrow(message);
  });

  test('confirm only when their promise has resolved', async () => {
    let confirm: () => void = () => {};
    const sink = inlineHandlers(
      {
        SmsReport: () =>
          new Promise<void>((resolve) => {
            confirm = resolve;
          }),
      },
      log,
    );
    let confirmed = false;
    const delivered = sink.deliver(record('a'), context()).then(() => {
      confirmed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(confirmed).toBe(false);
    confirm();
    await delivered;
  });

  test('may change the event they are given: the next attempt gets a new one', async () => {
    const seen: unknown[] = [];
    const sink = inlineHandlers(
      {
        SmsReport: (event) => {
          seen.push(event.data.biz_id);
          event.data.biz_id = 'changed';
        },
      },
      log,
    );
    const event = record('a');
    await sink.deliver(event, context());
    await sink.deliver(event, context());
    expect(seen).toEqual(['1', '1']);
  });

  test('are loaded from a path relative to the working directory', async () => {
    const path = relative(
      process.cwd(),
      await file('export default { SmsReport() { throw new Error("mine") } }'),
    );
    const sink = await HandlersSink.load({ name: 'mine', path, wants: () => true, log });
    await expect(sink.deliver(record('a'), context())).rejects.toThrow('mine');
  });
});

describe('the time a handler may take', () => {
  test('over, its signal aborts, and the attempt fails with its type and the time', async () => {
    let signal: AbortSignal | undefined;
    const sink = inlineHandlers(
      {
        SmsReport(_, context) {
          signal = context.signal;
          return new Promise(() => {});
        },
      },
      log,
      20,
    );
    await expect(sink.deliver(record('a'), context())).rejects.toMatchObject({
      code: 'HANDLER_TIMEOUT',
      message: 'the handler of SmsReport took longer than 20 ms',
    });
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ code: 'HANDLER_TIMEOUT' });
  });

  test('is asked of the handler by its own name', async () => {
    const sink = inlineHandlers({ default: () => new Promise(() => {}) }, log, 5);
    await expect(sink.deliver(record('a'), context())).rejects.toThrow(/^the handler of default took/);
  });

  test('comes from the configuration', async () => {
    const path = await file('export default { default() { return new Promise(() => {}); } }');
    const queues = [{ messageType: 'SmsReport', queueName: 'q' }];
    const [sink] = await openSinks(
      parseConfig({ queues, sinks: [{ type: 'module', path, timeout: 10 }] }).sinks,
      log,
    );
    await expect(sink?.deliver(record('a'), context())).rejects.toThrow(/longer than 10 ms/);
  });

  test('does not count for one that is quicker, and 0 is for ever', async () => {
    const slow = { SmsReport: () => new Promise<void>((resolve) => setTimeout(resolve, 30)) };
    await inlineHandlers(slow, log, 10_000).deliver(record('a'), context());
    await inlineHandlers(slow, log, 0).deliver(record('a'), context());
  });

  test("may end with an error after it is over, which is nobody's then", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', note);
    let thrown = false;
    const sink = inlineHandlers(
      {
        async SmsReport(_, { signal }) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          await new Promise((resolve) => setTimeout(resolve, 10));
          thrown = true;
          throw new Error('too late');
        },
      },
      log,
      5,
    );
    await expect(sink.deliver(record('a'), context())).rejects.toThrow(/longer than 5 ms/);
    await until('the late error', () => thrown);
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 3_600_001])('%d is no such time', (timeout) => {
    expect(() => inlineHandlers({ default() {} }, log, timeout)).toThrow(/^handlerTimeout: must be/);
  });

  test('is told to be over when the daemon stops hard, but what it is doing is waited for', async () => {
    const stop = new AbortController();
    const finish: (() => void)[] = [];
    const told: unknown[] = [];
    const waits = (_event: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => told.push(signal.reason));
        finish.push(resolve);
      });
    let ended = false;
    const delivered = inlineHandlers({ default: waits }, log)
      .deliver(record('a'), { attempt: 1, signal: stop.signal })
      .then(() => {
        ended = true;
      });
    stop.abort(new Error('stopping'));
    await new Promise(setImmediate);
    expect([told, ended]).toEqual([[new Error('stopping')], false]);
    for (const resolve of finish) resolve();
    await delivered;
    const calls: string[] = [];
    const counting = inlineHandlers({ default: (event) => void calls.push(event.id) }, log);
    await expect(counting.deliver(record('a'), { attempt: 1, signal: stop.signal })).rejects.toThrow(
      'stopping',
    );
    expect(calls).toEqual([]);
  });
});

describe('a handler', () => {
  test('has a log that says what its lines are about', async () => {
    const lines: string[] = [];
    const main = pino({ base: null }, { write: (line: string) => void lines.push(line) });
    const sink = inlineHandlers({ SmsReport: (_, context) => context.log.info('mine') }, main);
    await sink.deliver(record('a'), { attempt: 3, signal: new AbortController().signal });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      sink: 'handlers',
      messageId: 'a',
      messageType: 'SmsReport',
      attempt: 3,
      msg: 'mine',
    });
  });

  test('may ask for more time, or for an end', async () => {
    const asking = inlineHandlers({ default: () => Promise.reject(retryAfter(1_500, 'locked')) }, log);
    const asked = await asking.deliver(record('a'), context()).catch((error: unknown) => error);
    expect(asked).toBeInstanceOf(RetryLaterError);
    expect(asked).toMatchObject({ delay: 1_500, message: 'locked' });
    const ending = inlineHandlers(
      {
        default() {
          throw deadLetter('no such order');
        },
      },
      log,
    );
    const ended = await ending.deliver(record('a'), context()).catch((error: unknown) => error);
    expect(ended).toBeInstanceOf(DeadLetterError);
    expect(ended).toMatchObject({ message: 'no such order' });
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 86_400_001, '5' as never, undefined as never])(
    'may not ask for %s ms',
    (ms) => {
      expect(() => retryAfter(ms)).toThrow(/^retryAfter\(ms\): ms must be a number from 0 to 86400000, got /);
    },
  );

  test('that asks another copy of the package for years waits for a day', () => {
    expect(delayOf(Object.assign(new Error(), { delay: 1e15 }))).toBe(86_400_000);
    expect(delayOf(Object.assign(new Error(), { delay: Number.NaN }))).toBe(0);
  });

  test.each([
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'an object'],
    [{ a: 1 }, 'an object'],
    [5, '5'],
  ])('that throws %j, which is no error, is named', async (thrown, words) => {
    const sink = inlineHandlers({ default: () => Promise.reject(thrown) }, log);
    await expect(sink.deliver(record('a'), context())).rejects.toMatchObject({
      code: 'HANDLER_THREW',
      message: `the handler of default threw what is no Error: ${words}`,
    });
  });
});

describe('handlers in TypeScript', () => {
  const source =
    'interface A { a: string }\nexport default { SmsReport(event: A): void { throw new Error("typed"); } }';
  const native = Boolean((process.features as { typescript?: unknown }).typescript);

  // The import of a test goes through vitest, which can run it anywhere.
  const script = (path: string) => `
    const { HandlersSink } = await import(${JSON.stringify(new URL('../../dist/sinks/module/module.js', import.meta.url).href)});
    const options = { name: 'mine', path: ${JSON.stringify(path)}, log: { child: () => ({}) } };
    const sink = await HandlersSink.load(options).catch((error) => console.log(error.name, error.message));
    const event = { messagetype: 'SmsReport', id: 'a', json: '{}' };
    await sink?.deliver(event, { attempt: 1, signal: new AbortController().signal }).catch((error) => console.log(error.message));
  `;

  test('work where Node can run them, and are refused with what to do where not', async () => {
    const path = await file(source, 'handlers.ts');
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script(path)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (native) expect(said).toBe('typed\n');
    else
      expect(said).toMatch(
        /^UsageError sinks: .*handlers\.ts cannot be loaded: TypeScript needs Node 22\.18, 23\.6 or later \(24 is one\), this is v[\d.]+: use such a Node, or compile it to JavaScript\n$/,
      );
  });
});
