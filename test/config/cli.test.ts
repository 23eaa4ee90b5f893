import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { directory, HEAD } from './helpers.js';

/** The built executable in a process of its own: what a user sees, and the exit code. */
const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;

function receiptd(
  args: string[],
  { files = {}, env = {} }: { files?: Record<string, string>; env?: Record<string, string> } = {},
) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: directory(files),
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('receiptd', () => {
  it('tells its version and its commands', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(receiptd(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(receiptd(['--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('config'),
      stderr: '',
    });
    expect(receiptd(['help', 'config']).stdout).toContain('schema');
  });

  it.each([
    [['bogus'], "error: unknown command 'bogus'\n"],
    [['--bogus'], "error: unknown option '--bogus'\n"],
    [['config', 'bogus'], "error: unknown command 'bogus'\n"],
    [['config', 'check', '--bogus'], "error: unknown option '--bogus'\n"],
    [['config', 'check', 'more'], "error: too many arguments for 'check'. Expected 0 arguments but got 1.\n"],
    [['config', 'check', '-c'], "error: option '-c, --config <file>' argument missing\n"],
    [['config', 'check', '-c', 'nope.yaml'], 'error: nope.yaml: no such file\n'],
  ])('%j is a usage error', (args, stderr) => {
    expect(receiptd(args)).toEqual({ status: 2, stdout: '', stderr });
  });

  it('shows the help when nothing is asked, as a usage error', () => {
    expect(receiptd([])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('Usage: receiptd'),
    });
  });

  it('is quiet when its reader has gone', async () => {
    const child = spawn(process.execPath, [main, 'config', 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(stderr).toBe('');
  });
});

describe('receiptd config check', () => {
  it('sums up what is right', () => {
    const pipeline = 'pipeline: { backend: redis, url: "redis://:hunter2@h:1" }\n';
    expect(receiptd(['config', 'check'], { files: { 'receiptd.yaml': HEAD + pipeline } })).toEqual({
      status: 0,
      stdout: [
        'receiptd.yaml: ok',
        '  queue    Q-1 (SmsReport)',
        '  backend  redis redis://:***@h:1',
        '  sink     ndjson -',
        '',
      ].join('\n'),
      stderr: '',
    });
    const env = { RECEIPTD_QUEUES: '[{messageType: A, queueName: b}]' };
    expect(receiptd(['config', 'check'], { env }).stdout).toMatch(/^environment: ok\n/);
  });

  it('says all that is wrong, one line each and no stack', () => {
    const files = { 'my.yaml': `${HEAD}poll:\n  batchSize: 40\nlogs: {}\n` };
    expect(
      receiptd(['config', 'check', '-c', 'my.yaml'], { files, env: { RECEIPTD_OPS_PORT: 'http' } }),
    ).toEqual({
      status: 2,
      stdout: '',
      stderr: [
        'error: poll.batchSize: must be between 1 and 16, got 40 (my.yaml:4)',
        'error: ops.port: must be a whole number between 0 and 65535, got "http" (RECEIPTD_OPS_PORT)',
        'error: logs: unknown key, did you mean log? (my.yaml:5)',
        '',
      ].join('\n'),
    });
  });

  it('shows the stack to who asks for it', () => {
    const { status, stderr } = receiptd(['config', 'check'], { env: { NODE_DEBUG: 'receiptd' } });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^ {4}at /m);
  });
});

describe('receiptd config print and schema', () => {
  it('print YAML that says everything but secrets', () => {
    const files = { 'receiptd.yaml': `${HEAD}ops: { token: hunter2hunter2hunter2 }\n` };
    const { status, stdout } = receiptd(['config', 'print'], { files });
    expect(status).toBe(0);
    expect(stdout).not.toContain('hunter2');
    expect(parse(stdout)).toMatchObject({
      region: 'cn-hangzhou',
      ops: { token: '***' },
      poll: { threads: 2 },
    });
  });

  it('print JSON Schema, whatever the configuration', () => {
    const { status, stdout } = receiptd(['config', 'schema'], { files: { 'receiptd.yaml': '[' } });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object', required: ['queues'] });
  });
});
