/**
 * `npm run test:faults`: tries to make receiptd lose or double receipts, and says whether it could. Exit code 1 when it
 * could, or when the run could not be made. Progress goes to standard error, the table to standard output.
 */
import { describeError, UsageError } from '../src/errors.js';
import { type Options, parseOptions, USAGE } from './options.js';
import { report } from './report.js';
import { run } from './run.js';

/** ms over its time at which a run that hangs is given up. */
const GRACE_MS = 30_000;

async function main(options: Options): Promise<number> {
  const startedAt = performance.now();
  const said: string[] = [];
  const say = (text: string) => {
    said.push(text);
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} ${text}\n`);
  };
  say(`seed ${options.seed}`);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => stop.abort(new Error(`ended by ${name}`)));
  setTimeout(() => stop.abort(new Error('the time is over')), options.limit + GRACE_MS).unref();
  const result = await run(options, say, stop.signal).catch((error: unknown) => {
    // Whatever was under way failed by it.
    throw stop.signal.aborted ? stop.signal.reason : error;
  });
  const { problems } = result.verdict;
  process.stdout.write(`${report(result)}\n`);
  for (const line of result.skipped) process.stdout.write(`\nSkipped: ${line}\n`);
  if (problems.length === 0) return 0;
  const again = `npm run test:faults -- ${process.argv.slice(2).join(' ')}`;
  const lines = [
    `FAILED, seed ${options.seed}`,
    ...problems.map((problem) => `  ${problem}`),
    ...result.details.map((detail) => `  ${detail}`),
    `  again: ${again.includes('--seed') ? again : `${again} --seed ${options.seed}`}`,
    `  files: ${result.kept}`,
  ];
  process.stderr.write(`\n${lines.join('\n')}\n`);
  return 1;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(`${USAGE}\n`);
  else process.exitCode = await main(options);
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
process.exit();
