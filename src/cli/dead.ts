/** `receiptd dead`: the dead letters. What changes more of them than were named asks first. */
import { Command } from 'commander';
import { describeError, ReceiptdError, UsageError } from '../errors.js';
import type { DeadLetterOutcome, DeadLetterSelection, DeadLetterSummary } from '../pipeline/index.js';
import { checkAskable, confirmed, questionOf } from './dead-confirm.js';
import { atDesk, deskConfig, stopSignal } from './dead-desk.js';
import { exportCommand } from './dead-export.js';
import { type FilterOptions, filterOf, selectionOf, withFilters } from './dead-options.js';

interface Common {
  config?: string;
  json?: boolean;
}

interface ActOptions extends Common, FilterOptions {
  all?: boolean;
  yes?: boolean;
}

const ACTS = {
  retry: {
    description: 'put dead letters back into the pipeline with all their attempts',
    ask: 'Retry',
    done: 'put back',
  },
  drop: { description: 'delete dead letters for good', ask: 'Drop', done: 'dropped' },
} as const;

export function deadCommand(): Command {
  const command = new Command('dead').description(
    'look at dead letters, try them again, export or drop them',
  );
  const common = (added: Command) =>
    added.option('-c, --config <file>', 'configuration file, as for run').option('--json', 'as JSON');
  withFilters(common(command.command('list')))
    .description('list dead letters, newest first')
    .option('--limit <n>', 'at most this many', limitOf, 100)
    .action(list);
  common(command.command('show <id>'))
    .description(
      'show one dead letter: its event, its raw body and the errors of its attempts, phone numbers included',
    )
    .action(show);
  for (const name of ['retry', 'drop'] as const) {
    withFilters(common(command.command(`${name} [ids...]`)))
      .description(ACTS[name].description)
      .option('--all', 'all of them')
      .option('-y, --yes', 'do not ask, whatever it matches')
      .action((ids: string[], options: ActOptions) => act(name, ids, options));
  }
  command.addCommand(exportCommand());
  return command;
}

async function list({ limit, ...options }: Common & FilterOptions & { limit: number }): Promise<void> {
  const filter = filterOf(options);
  const page = await atDesk(deskConfig(options), (desk) => desk.list({ ...filter, limit }));
  if (options.json) return print(page);
  for (const letter of page.deadLetters) process.stdout.write(`${lineOf(letter)}\n`);
  process.stdout.write(`${page.deadLetters.length} of ${page.total} dead letter(s)\n`);
}

function lineOf({ messageId, diedAt, queueName, messageType, attempts, reason }: DeadLetterSummary): string {
  return describeError(
    `${messageId}  ${diedAt}  ${queueName}  ${messageType}  ${attempts} attempt(s)  ${reason}`,
  );
}

async function show(id: string, options: Common): Promise<void> {
  const found = await atDesk(deskConfig(options), (desk) => desk.show(id));
  if (found === undefined) throw new ReceiptdError('NO_DEAD_LETTER', `no dead letter ${id}`);
  print(found);
}

async function act(name: 'retry' | 'drop', ids: string[], options: ActOptions): Promise<void> {
  const config = deskConfig(options);
  const selection = await agreed(name, selectionOf(ids, options), options);
  const outcome: DeadLetterOutcome =
    selection === undefined
      ? { done: 0, missing: [] }
      : await atDesk(config, (desk) => desk[name](selection, stopSignal()));
  report(outcome, ACTS[name].done, options.json);
}

/** @returns what is to be done, as of what was asked about; undefined when that is nothing */
async function agreed(
  name: 'retry' | 'drop',
  selection: DeadLetterSelection,
  options: ActOptions,
): Promise<DeadLetterSelection | undefined> {
  if ('messageIds' in selection || options.yes) return selection;
  checkAskable();
  // The store is not held while a person thinks: a daemon may want to start.
  const count = await atDesk(deskConfig(options), (desk) => desk.count(selection));
  if (count.total === 0) return undefined;
  if (await confirmed(questionOf(count, ACTS[name].ask))) return { ...selection, asOf: count.asOf };
  throw new ReceiptdError('NOT_CONFIRMED', `nothing was ${ACTS[name].done}`);
}

function report({ done, missing, stopped }: DeadLetterOutcome, what: string, json?: boolean): void {
  if (json) print({ done, missing, ...(stopped && { stopped }) });
  else process.stdout.write(`${done} dead letter(s) ${what}\n`);
  for (const id of missing) process.stderr.write(`no dead letter ${id}\n`);
  if (stopped) process.stderr.write('stopped: the same command again does the rest\n');
  if (missing.length > 0 || stopped) process.exitCode = 1;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function limitOf(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) {
    throw new UsageError('USAGE', `--limit must be a whole number from 1 to 1000, got ${text}`);
  }
  return value;
}
