/**
 * `npm run bench`: how fast receiptd is, beside what it is measured against, all in one run on this machine. Rates of
 * different runs or machines say little; the ratios do.
 *
 *   --quick        a short run with the same parts
 *   --only=PART    protocol, redis, embedded or replay
 *   --json         the results as JSON
 */
import { parseArgs } from 'node:util';
import { EmulatorProcess } from './emulator.js';
import { measureEmbedded, measureRedis } from './end-to-end.js';
import { measureProtocol } from './protocol.js';
import { type DryRunResult, formatDryRun, measureDryRun } from './replay.js';
import { format, machine, type Report } from './report.js';

const FULL = {
  protocol: { messages: 16_000, rounds: 5 },
  redis: { messages: 60_000, warmUp: 20_000, rounds: 3 },
  embedded: { messages: 4_000, warmUp: 1_000, rounds: 3 },
  replay: { messages: 1_000_000 },
};
const QUICK = {
  protocol: { messages: 8_000, rounds: 2 },
  redis: { messages: 24_000, warmUp: 8_000, rounds: 1 },
  embedded: { messages: 1_200, warmUp: 400, rounds: 1 },
  replay: { messages: 200_000 },
};
const CONCURRENCIES = [1, 8];
const QUEUE = 'Alicom-Queue-1234567890123456-SmsReport';

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' }, only: { type: 'string' } },
});
const size = values.quick ? QUICK : FULL;
const wanted = (part: string) => values.only === undefined || values.only === part;
const say = (text: string) => process.stderr.write(values.json ? '' : `${text}\n`);

const emulator = await EmulatorProcess.start([QUEUE]);
const report: Report & { replay?: DryRunResult & { embedded: number } } = {
  ...machine(),
  protocol: [],
  endToEnd: [],
};
const common = { emulator, queueName: QUEUE };
if (wanted('protocol')) {
  for (const concurrency of CONCURRENCIES) {
    say(`protocol only, ${concurrency} at once …`);
    report.protocol.push(...(await measureProtocol({ ...common, ...size.protocol, concurrency })));
  }
}
if (wanted('redis')) {
  say('end to end on Redis …');
  report.endToEnd.push(await measureRedis({ ...common, ...size.redis }));
}
if (wanted('embedded')) {
  say('end to end on the embedded store …');
  report.endToEnd.push(await measureEmbedded({ ...common, ...size.embedded }));
}
if (wanted('replay')) {
  say('replay --dry-run …');
  const before = report.endToEnd.find(({ store }) => store === 'embedded');
  const embedded = before ?? (await measureEmbedded({ ...common, ...size.embedded, rounds: 1 }));
  report.replay = { ...(await measureDryRun(size.replay)), embedded: embedded.rate };
}
await emulator.stop();
const { replay } = report;
const text = () => [format(report), ...(replay ? ['', formatDryRun(replay)] : [])].join('\n');
process.stdout.write(`${values.json ? JSON.stringify(report, null, 2) : text()}\n`);
