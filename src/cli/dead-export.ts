/** `receiptd dead export`: dead letters into a file that can be replayed, and out of the store once they are in it. */
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { ReceiptdError, UsageError } from '../errors.js';
import type { DeadLetterDesk, ExportFormat } from '../pipeline/index.js';
import { atDesk, deskConfig, stopSignal } from './dead-desk.js';
import { ExportFile } from './dead-file.js';
import { type FilterOptions, selectionOf, withFilters } from './dead-options.js';

interface Options extends FilterOptions {
  config?: string;
  json?: boolean;
  all?: boolean;
  format: ExportFormat;
  drop?: boolean;
  force?: boolean;
}

/** Ids in one call. */
const GROUP = 500;

const HELP = `
Without ids and filters, all are exported. The file is one message a line, as in a capture file: "receiptd replay FILE"
delivers them again with the same ids. It is compressed when its name ends in .gz, and has its name only once it is whole.
With --format json each line is what "dead show" tells, which cannot be replayed. Dead letters hold phone numbers.`;

export function exportCommand(): Command {
  return withFilters(new Command('export'))
    .description('write dead letters to a file that can be replayed')
    .argument('[file]', 'a new file, or - for standard output', '-')
    .argument('[ids...]', 'only these')
    .option('-c, --config <file>', 'configuration file, as for run')
    .option('--json', 'the summary as JSON')
    .option('--all', 'all of them, which --drop wants to be said')
    .addOption(
      new Option('--format <format>', 'capture or json').choices(['capture', 'json']).default('capture'),
    )
    .option('--drop', 'delete from the store what has been written, once it is safe in the file')
    .option('--force', 'replace a file that is there')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(file: string, ids: string[], options: Options): Promise<void> {
  const { drop = false, force = false, format } = options;
  // Reading does no harm; taking away has to be meant.
  const selection = selectionOf(ids, {
    ...options,
    all: options.all === true || (!drop && ids.length === 0),
  });
  if (drop && file === '-')
    throw new UsageError('DEAD_EXPORT', '--drop: name a file, which standard output is not');
  if (drop && format === 'json')
    throw new UsageError(
      'DEAD_EXPORT',
      '--drop: what is dropped should be replayable, leave out --format json',
    );
  const target = file === '-' ? undefined : await ExportFile.plan(file, force);
  const config = deskConfig(options);
  const stop = stopSignal();
  await atDesk(config, async (desk) => {
    const wanted = new Set(ids);
    let exported = 0;
    const lines = async function* () {
      for await (const line of desk.export(selection, format, stop)) {
        const id = idOf(line);
        for (const name of wanted) if (name === id || name.replace(/#\d+$/, '') === id) wanted.delete(name);
        yield line;
        exported += 1;
      }
    };
    if (target === undefined) await toStdout(lines());
    else await target.write(lines());
    const outcome: Outcome = { exported, missing: [...wanted] };
    if (drop && target !== undefined) {
      outcome.dropped = 0;
      await dropWritten(desk, target, outcome, stop).catch((error: unknown) => {
        tell(outcome, file, options);
        say(`not all were dropped; they are in ${file}, and in the store as well`);
        throw error;
      });
    }
    tell(outcome, file, options);
  });
}

interface Outcome {
  exported: number;
  dropped?: number;
  /** Those that are no dead letters. */
  missing: string[];
}

/** By what the file has, read back: however many they are, a group of ids is held at a time. */
async function dropWritten(
  desk: DeadLetterDesk,
  file: ExportFile,
  outcome: Outcome,
  stop: AbortSignal,
): Promise<void> {
  let group: string[] = [];
  const flush = async () => {
    if (group.length === 0) return;
    const { done, stopped } = await desk.drop({ messageIds: group }, stop);
    outcome.dropped = (outcome.dropped ?? 0) + done;
    group = [];
    if (stopped) throw new ReceiptdError('STOPPED', 'stopped');
  };
  for await (const line of file.read()) {
    group.push(idOf(line));
    if (group.length === GROUP) await flush();
  }
  await flush();
}

async function toStdout(lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) if (!process.stdout.write(line)) await once(process.stdout, 'drain');
}

function idOf(line: string): string {
  return (JSON.parse(line) as { messageId: string }).messageId;
}

/** Standard output may be the export itself. */
function tell({ exported, dropped, missing }: Outcome, file: string, { json }: Options): void {
  const stream = file === '-' ? process.stderr : process.stdout;
  if (json)
    stream.write(
      `${JSON.stringify({ exported, ...(dropped !== undefined && { dropped }), missing, file }, null, 2)}\n`,
    );
  else {
    const where = file === '-' ? 'exported' : `exported to ${file}`;
    stream.write(
      `${exported} dead letter(s) ${where}${dropped === undefined ? '' : `, ${dropped} dropped`}\n`,
    );
  }
  for (const id of missing) say(`no dead letter ${id}`);
  if (missing.length > 0) process.exitCode = 1;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
