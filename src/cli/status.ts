/**
 * `receiptd status`: what a running daemon says of itself, once, or with `--watch` again and again. The exit code is 1 when
 * it is not ready or does not answer, so that a script can ask.
 */
import { styleText } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../config/index.js';
import type { Status } from '../ops/index.js';
import { environmentValue } from '../secret-file.js';
import { OpsClient } from './ops-client.js';
import { type Paint, viewOf } from './status-view.js';
import { watchStatus } from './status-watch.js';

const DEFAULT_URL = 'http://127.0.0.1:8090';
/** ms that an answer may take. */
const ANSWER_MS = 5_000;
const STYLES = { good: 'green', bad: 'red', faint: 'gray' } as const;

interface Options {
  url?: string;
  config?: string;
  json?: boolean;
  watch?: boolean;
  interval: number;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('show the state of a running daemon; exit code 1 when it is not ready')
    .option('--url <url>', `ops address of the daemon (default: as configured, else ${DEFAULT_URL})`)
    .option('-c, --config <file>', 'configuration file, as for run')
    .option('--json', 'as JSON; with --watch one object a line')
    .option('-w, --watch', 'refresh until q or Ctrl-C; the exit code is that of the last look')
    .option('--interval <s>', 'seconds between two looks of --watch, 0.2 to 3600', seconds, 2)
    .action(async (options: Options) => {
      const { url, token } = address(options);
      const client = new OpsClient(options.url ?? url, token);
      const ask = () => client.get<Status>('/api/status', ANSWER_MS);
      const json = options.json === true;
      if (options.watch) {
        const interval = options.interval * 1000;
        const ready = await watchStatus({ ask, interval, json, paint, url: options.url ?? url });
        // A question that nobody waits for any more, and the terminal's keys, would keep the process.
        process.stdout.write('', () => process.exit(ready ? 0 : 1));
        return;
      }
      const status = await ask();
      const view = () => viewOf(status, { now: Date.now(), width: process.stdout.columns ?? 120, paint });
      process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : `${view().join('\n')}\n`);
      process.exitCode = status.ready ? 0 : 1;
    });
}

const paint: Paint = (tone, text) =>
  process.stdout.isTTY && !process.env.NO_COLOR ? styleText(STYLES[tone], text) : text;

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0.2 && value <= 3600) return value;
  throw new InvalidArgumentError('It must be a number of seconds from 0.2 to 3600.');
}

/** Where the configured daemon answers. Without a usable configuration there is still the default to try. */
function address({ config: file, url }: { config?: string; url?: string }): { url: string; token: string } {
  try {
    const { ops } = loadConfig({ file, env: process.env, cwd: process.cwd() }).config;
    const host = ops.host.includes(':') ? `[${ops.host}]` : ops.host.replace(/^0\.0\.0\.0$/, '127.0.0.1');
    return { url: `http://${host}:${ops.port}`, token: ops.token };
  } catch (error) {
    if (file !== undefined && url === undefined) throw error;
    const { text = '' } = environmentValue('RECEIPTD_OPS_TOKEN', process.env, process.cwd()) ?? {};
    return { url: DEFAULT_URL, token: text };
  }
}
