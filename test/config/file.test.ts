import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/index.js';
import { directory, HEAD, load, QUEUES, refused } from './helpers.js';

const dollar = '$';

describe('which file', () => {
  const named = (name: string) => `queues: [{ messageType: SmsReport, queueName: ${name} }]`;
  const cwd = directory({ 'asked.yaml': named('asked'), 'env.yaml': named('env') });
  const inEnv = { RECEIPTD_CONFIG: 'env.yaml' };

  it('takes the one asked for, then RECEIPTD_CONFIG, receiptd.yaml, config/receiptd.yaml, none', () => {
    expect(loadConfig({ file: 'asked.yaml', env: inEnv, cwd })).toMatchObject({
      file: 'asked.yaml',
      config: { queues: [{ queueName: 'asked' }] },
    });
    expect(loadConfig({ env: inEnv, cwd }).file).toBe('env.yaml');
    const config = directory();
    mkdirSync(join(config, 'config'));
    execFileSync('cp', [join(cwd, 'asked.yaml'), join(config, 'config/receiptd.yaml')]);
    expect(loadConfig({ env: { RECEIPTD_CONFIG: '' }, cwd: config }).file).toBe('config/receiptd.yaml');
    execFileSync('cp', [join(cwd, 'asked.yaml'), join(config, 'receiptd.yaml')]);
    expect(loadConfig({ env: {}, cwd: config }).file).toBe('receiptd.yaml');
    expect(
      loadConfig({ env: { RECEIPTD_QUEUES: '[{messageType: A, queueName: b}]' }, cwd }).file,
    ).toBeUndefined();
  });

  it('names the variable when there is no file at all', () => {
    expect(refused(() => loadConfig({ env: {}, cwd }))).toEqual([
      expect.stringMatching(
        /^queues: must have at least one queue.* \(RECEIPTD_QUEUES; no configuration file found\)$/,
      ),
    ]);
  });
});

describe('a file that is none', () => {
  it.each([
    ['missing', 'nope.yaml', 'nope.yaml: no such file'],
    ['below a file', 'text.yaml/x', 'text.yaml/x: no such file'],
    ['a directory', '.', '.: is a directory, not a file'],
    ['no name', '', '"": is a directory, not a file'],
    ['huge', 'huge.yaml', 'huge.yaml: is larger than 256 KiB, this is no receiptd configuration'],
    ['endless', '/dev/zero', '/dev/zero: is larger than 256 KiB, this is no receiptd configuration'],
    ['binary', 'binary.yaml', 'binary.yaml: is not UTF-8 text'],
    ['text', 'text.yaml', 'text.yaml: must be a mapping of keys to values, such as "region: cn-hangzhou"'],
    ['a list', 'list.yaml', 'list.yaml: must be a mapping of keys to values, such as "region: cn-hangzhou"'],
    ['broken', 'broken.yaml', /^broken\.yaml:2:\d+: /],
    ['two documents', 'two.yaml', 'two.yaml:3:1: must be one document, found a second'],
    ['a key twice', 'twice.yaml', /^twice\.yaml:2:1: Map keys must be unique$/],
    ['an unknown tag', 'tag.yaml', /^tag\.yaml:1:\d+: Unresolved tag/],
    ['an unknown alias', 'alias.yaml', /^alias\.yaml: Unresolved alias/],
    ['an alias bomb', 'bomb.yaml', /^bomb\.yaml: Excessive alias count/],
    ['too deep', 'deep.yaml', 'deep.yaml: is nested too deeply'],
    ['too deep in another way', 'dashes.yaml', 'dashes.yaml: is nested too deeply'],
  ])('%s', (_, file, message) => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(`*${of}`).join(',')}]\n`;
    const cwd = directory({
      'huge.yaml': `# ${'x'.repeat(256 * 1024)}\n${QUEUES}`,
      'binary.yaml': Uint8Array.from([0xff, 0xfe, 0x00]),
      'text.yaml': 'hello',
      'list.yaml': '- a',
      'broken.yaml': `${QUEUES}poll: { threads: hunter2`,
      'two.yaml': `${QUEUES}poll:\n---\na: 1`,
      'twice.yaml': `${QUEUES}${QUEUES}`,
      'tag.yaml': 'region: !env R',
      'alias.yaml': 'region: *r',
      'bomb.yaml': `a: &a [x]\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}`,
      'dashes.yaml': '- '.repeat(50_000),
      'deep.yaml': `a: ${'['.repeat(50_000)}`,
    });
    const lines = refused(() => loadConfig({ file, env: {}, cwd }));
    expect(lines).toEqual([typeof message === 'string' ? message : expect.stringMatching(message)]);
    expect(lines[0]).not.toMatch(/\n|hunter2/);
  });

  it('but an empty one, or one with empty sections, is all defaults', () => {
    const env = { RECEIPTD_QUEUES: '[{messageType: SmsReport, queueName: Q-1}]' };
    const { config } = load(HEAD);
    for (const text of [
      '',
      '# nothing\n',
      '\uFEFF---\n',
      'poll:\nendpoints:\npipeline: { url: }\nsinks: ~\n',
    ])
      expect(load(text, env).config).toEqual(config);
  });
});

describe('unknown keys', () => {
  it.each([
    ['poll: { batchsize: 3 }', 'poll.batchsize: unknown key, did you mean batchSize?'],
    ['poll: { thread: 3 }', 'poll.thread: unknown key, did you mean threads?'],
    ['batchSize: 3', 'batchSize: unknown key, did you mean poll.batchSize?'],
    ['pipelin: {}', 'pipelin: unknown key, did you mean pipeline?'],
    ['ack: { color: red }', 'ack.color: unknown key, known here are linger'],
    [
      'poll: { xyzzy: }',
      'poll.xyzzy: unknown key, known here are threads, maxConcurrency, waitSeconds, batchSize',
    ],
    ['__proto__: { polluted: yes }', /^__proto__: unknown key/],
    ['poll: { __proto__: { threads: 3 } }', /^poll\.__proto__: unknown key/],
    ['constructor: { prototype: 1 }', /^constructor: unknown key/],
    ['"a\\nb\\e[31m": 1', /^"a\\nb\\u001b\[31m": unknown key/],
    ['<<: { region: x }', /^"<<": unknown key/],
    ['sinks: [{ type: ndjson, path: a, tpyes: [A] }]', 'sinks[0].tpyes: unknown key, did you mean types?'],
  ])('%s', (text, message) => {
    const lines = refused(() => load(`${HEAD}${text}\n`));
    expect(lines).toEqual([
      typeof message === 'string' ? `${message} (receiptd.yaml:3)` : expect.stringMatching(message),
    ]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('every problem at once', () => {
  it('each on its line, each with its place', () => {
    const text = `${HEAD}poll:\n  batchSize: 40\n  thread: 1\nlog: { level: loud }\nops:\n  host: 0.0.0.0\n`;
    const error = catchError(() => load(text, { RECEIPTD_POLL_THREADS: 'two', RECEIPTD_X: '1' }));
    expect(error.issues).toEqual([
      { key: 'RECEIPTD_X', message: expect.stringMatching(/^unknown environment variable/) },
      {
        key: 'poll.threads',
        message: 'must be a whole number between 1 and 64, got "two" (RECEIPTD_POLL_THREADS)',
      },
      { key: 'poll.batchSize', message: 'must be between 1 and 16, got 40 (receiptd.yaml:4)' },
      { key: 'poll.thread', message: 'unknown key, did you mean threads? (receiptd.yaml:5)' },
      { key: 'ops.token', message: expect.stringMatching(/^is required .* \(receiptd\.yaml:7\)$/) },
      { key: 'log.level', message: expect.stringMatching(/got "loud" \(receiptd\.yaml:6\)$/) },
    ]);
    expect(error).toMatchObject({ name: 'ConfigError', code: 'CONFIG_INVALID' });
    expect(error.message).not.toContain('\n');
  });

  it('finds the line behind an alias', () => {
    const text =
      'queues: &q\n  - { messageType: A, queueName: b }\n  - messageType: A\n    queueName: c/d\npoll: &p { threads: 2 }\n';
    expect(refused(() => load(text))).toEqual([expect.stringMatching(/\(receiptd\.yaml:4\)$/)]);
    expect(refused(() => load(`${HEAD}ack: &a { threads: 99 }\npoll: *a\n`))).toContain(
      'poll.threads: must be between 1 and 64, got 99 (receiptd.yaml:3)',
    );
  });

  it('and a list in itself does not hang', () => {
    expect(refused(() => load(`${HEAD}poll: &p [*p, *p, [*p]]\n`))[0]).toBe(
      'poll: contains itself (receiptd.yaml:3)',
    );
  });
});

describe('variables in strings', () => {
  const expand = (value: string, env: Record<string, string> = {}) =>
    load(`${HEAD}pipeline: { dataDir: '${value}' }\n`, env).config.pipeline.dataDir;

  it.each([
    ['{A}', '/a'],
    ['{A}/{A}x', '/a//ax'],
    ['{NOPE:-./d}', './d'],
    ['{EMPTY:-./d}', './d'],
    ['{NOPE:-}x', 'x'],
    ['x{EMPTY}', 'x'],
    ['{NOPE:-a:-b}', 'a:-b'],
  ])('$%s is %s', (text, expected) => {
    expect(expand(text.replaceAll('{', `${dollar}{`), { A: '/a', EMPTY: '' })).toBe(expected);
  });

  it('can be escaped, and are not looked for twice', () => {
    expect(expand(`x${dollar}${dollar}{A}`)).toBe(`x${dollar}{A}`);
    expect(expand(`${dollar}{A}`, { A: `${dollar}{B}` })).toBe(`${dollar}{B}`);
    expect(expand(`a${dollar}b`)).toBe(`a${dollar}b`);
  });

  it('take the type of the key', () => {
    const { config } = load(`${HEAD}ops: { port: "${dollar}{PORT}", token: "${dollar}{TOKEN}" }\n`, {
      PORT: '9000',
      TOKEN: '1234567890123456',
    });
    expect(config.ops).toMatchObject({ port: 9000, token: '1234567890123456' });
    expect(refused(() => load(`${HEAD}ops: { port: "${dollar}{PORT:-http}" }\n`))).toEqual([
      'ops.port: must be a whole number between 0 and 65535, got "http" (receiptd.yaml:3)',
    ]);
  });

  it('reach into lists', () => {
    const { config } = load(`queues: [{ messageType: SmsReport, queueName: "Q-${dollar}{UID}" }]\n`, {
      UID: '7',
    });
    expect(config.queues[0]?.queueName).toBe('Q-7');
  });

  it.each([
    [`${dollar}{NOPE}`, 'needs the environment variable NOPE, which is not set'],
    [`hunter2${dollar}{`, /^has \$\{ without NAME\}/],
    [`${dollar}{not a name}`, /^has \$\{ without NAME\}/],
    [`${dollar}{NOPE`, /^has \$\{ without NAME\}/],
  ])('%s is one line that names the key', (text, message) => {
    const [issue, ...more] = catchError(() => load(`${HEAD}ops: { token: '${text}' }\n`)).issues;
    expect(more).toEqual([]);
    expect(issue?.key).toBe('ops.token');
    expect(issue?.message).toMatch(message);
    expect(issue?.message).toMatch(/ \(receiptd\.yaml:3\)$/);
    expect(issue?.message).not.toContain('hunter2');
  });
});

function catchError(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
  }
  throw new Error('should have been refused with a ConfigError');
}
