import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/index.js';
import { UsageError } from '../../src/errors.js';
import { inlineHandlers, openSinks } from '../../src/sinks/index.js';
import { HandlersSink } from '../../src/sinks/module.js';
import { context, record } from './records.js';

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
  return HandlersSink.load({ name: 'mine', path: await file(source), wants: () => true });
}

describe('a module that cannot be used', () => {
  test('because it is missing is refused with one line that names it', async () => {
    const loading = HandlersSink.load({ name: 'mine', path: './nowhere.mjs', wants: () => true });
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
    await expect(openSinks(parseConfig({ queues, sinks }).sinks, pino({ level: 'silent' }))).rejects.toThrow(
      /nowhere\.mjs/,
    );
  });
});

describe('handlers', () => {
  test('get the events of their type, parsed, and which attempt it is', async () => {
    const seen: unknown[] = [];
    const sink = inlineHandlers({
      SmsReport: (event, { attempt }) => void seen.push([event.id, event.data.biz_id, attempt]),
      VoiceReport: () => void seen.push('voice'),
    });
    await sink.deliver(record('a'), context());
    expect(seen).toEqual([['a', '1', 1]]);
  });

  test('say which types they want; default wants the rest', () => {
    const some = inlineHandlers({ SmsReport: () => {} });
    expect(['SmsReport', 'SmsUp', 'constructor', 'toString'].map((type) => some.wants(type))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    const all = inlineHandlers({ SmsReport: () => {}, default: () => {} });
    expect(['SmsReport', 'SmsUp', 'NobodyKnows'].map((type) => all.wants(type))).toEqual([true, true, true]);
  });

  test('want no type that the configuration does not give them', async () => {
    const path = await file('export default { default() {} }');
    const sink = await HandlersSink.load({ name: 'mine', path, wants: (type) => type === 'SmsUp' });
    expect(['SmsReport', 'SmsUp'].map((type) => sink.wants(type))).toEqual([false, true]);
  });

  test('called default get the events of types without one of their own', async () => {
    const seen: string[] = [];
    const sink = inlineHandlers({
      SmsReport: () => void seen.push('sms'),
      default: (event) => void seen.push(event.messagetype),
    });
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
    await expect(inlineHandlers({ SmsReport }).deliver(record('a'), context())).rejects.toThrow(message);
  });

  test('confirm only when their promise has resolved', async () => {
    let confirm: () => void = () => {};
    const sink = inlineHandlers({
      SmsReport: () =>
        new Promise<void>((resolve) => {
          confirm = resolve;
        }),
    });
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
    const sink = inlineHandlers({
      SmsReport: (event) => {
        seen.push(event.data.biz_id);
        event.data.biz_id = 'changed';
      },
    });
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
    const sink = await HandlersSink.load({ name: 'mine', path, wants: () => true });
    await expect(sink.deliver(record('a'), context())).rejects.toThrow('mine');
  });
});
