/** `receiptd status`: what a running daemon says of itself. */
import { Command } from 'commander';
import type { Status } from '../ops/index.js';
import { OpsClient } from './ops-client.js';

export function statusCommand(): Command {
  return new Command('status')
    .description('show the state of a running daemon; exit code 1 when it is not ready')
    .option('--url <url>', 'ops address of the daemon', 'http://127.0.0.1:8090')
    .option('--json', 'as JSON')
    .action(async (options: { url: string; json?: boolean }) => {
      const status = await new OpsClient(options.url, process.env.RECEIPTD_OPS_TOKEN ?? '').get<Status>(
        '/api/status',
      );
      process.stdout.write(options.json ? `${JSON.stringify(status, null, 2)}\n` : summary(status));
      process.exitCode = status.ready ? 0 : 1;
    });
}

function summary({ ready, reasons, version, pid, startedAt, slices, queues }: Status): string {
  const lines = [
    `receiptd ${version}, process ${pid}, since ${startedAt}, ${slices.count} slice(s) ${slices.mode}`,
    ready ? 'ready' : 'not ready',
    ...reasons.map((reason) => `  ${reason}`),
  ];
  for (const { queueName, messageType, counters, backlog, inFlight } of queues) {
    const { received, delivered, dead, acknowledged, redelivered } = counters;
    lines.push(
      `${queueName} (${messageType})`,
      `  received ${received}, delivered ${delivered}, dead ${dead}, acknowledged ${acknowledged}, redelivered ${redelivered}`,
      `  waiting ${backlog}, in flight ${inFlight}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
