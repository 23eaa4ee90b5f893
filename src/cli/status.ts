/** `receiptd status`: what a running daemon says of itself. */
import { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import type { Status } from '../ops/index.js';
import { OpsClient } from './ops-client.js';

const DEFAULT_URL = 'http://127.0.0.1:8090';

export function statusCommand(): Command {
  return new Command('status')
    .description('show the state of a running daemon; exit code 1 when it is not ready')
    .option('--url <url>', `ops address of the daemon (default: as configured, else ${DEFAULT_URL})`)
    .option('-c, --config <file>', 'configuration file, as for run')
    .option('--json', 'as JSON')
    .action(async (options: { url?: string; config?: string; json?: boolean }) => {
      const { url, token } = address(options);
      const status = await new OpsClient(options.url ?? url, token).get<Status>('/api/status');
      process.stdout.write(options.json ? `${JSON.stringify(status, null, 2)}\n` : summary(status));
      process.exitCode = status.ready ? 0 : 1;
    });
}

/** Where the configured daemon answers. Without a usable configuration there is still the default to try. */
function address({ config: file, url }: { config?: string; url?: string }): { url: string; token: string } {
  try {
    const { ops } = loadConfig({ file, env: process.env, cwd: process.cwd() }).config;
    const host = ops.host.includes(':') ? `[${ops.host}]` : ops.host.replace(/^0\.0\.0\.0$/, '127.0.0.1');
    return { url: `http://${host}:${ops.port}`, token: ops.token };
  } catch (error) {
    if (file !== undefined && url === undefined) throw error;
    return { url: DEFAULT_URL, token: process.env.RECEIPTD_OPS_TOKEN ?? '' };
  }
}

function summary({ ready, reasons, version, pid, startedAt, role, slices, queues, sinks }: Status): string {
  const lines = [
    `receiptd ${version}, process ${pid}, since ${startedAt}, role ${role}, ${slices.count} slice(s) ${slices.mode}`,
    ready ? 'ready' : 'not ready',
    ...reasons.map((reason) => `  ${reason}`),
  ];
  for (const { queueName, messageType, counters, backlog, inFlight } of queues) {
    const { received, delivered, filtered, dead, acknowledged, redelivered } = counters;
    lines.push(
      `${queueName} (${messageType})`,
      `  received ${received}, delivered ${delivered}, filtered ${filtered}, dead ${dead}, acknowledged ${acknowledged}, redelivered ${redelivered}`,
      `  waiting ${backlog}, in flight ${inFlight}`,
    );
  }
  for (const { name, state, downSince, delivered, failed } of sinks) {
    // Why it is down stands among the reasons.
    const since = downSince === undefined ? '' : ` since ${new Date(downSince).toISOString()}`;
    lines.push(`sink ${name}: ${state}${since}, delivered ${delivered}, failed ${failed}`);
  }
  return `${lines.join('\n')}\n`;
}
