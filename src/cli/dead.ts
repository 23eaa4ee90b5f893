/**
 * `receiptd dead`: the dead letters. Works beside a running daemon and without one: the embedded store has one owner,
 * so when a daemon has it open, the daemon is asked.
 */
import { Command } from 'commander';
import { type Config, loadConfig } from '../config/index.js';
import { ReceiptdError, UsageError } from '../errors.js';
import {
  DataDirLock,
  type DeadLetterDesk,
  type DeadLetterOutcome,
  type DeadLetterSelection,
  DeadLetters,
  openBackend,
} from '../pipeline/index.js';
import { OpsClient } from './ops-client.js';

interface Common {
  config?: string;
  json?: boolean;
  queue?: string;
}

export function deadCommand(): Command {
  const command = new Command('dead').description('look at dead letters, try them again, or drop them');
  const add = (usage: string, description: string) =>
    command
      .command(usage)
      .description(description)
      .option('-c, --config <file>', 'configuration file, as for run')
      .option('--json', 'as JSON');
  add('list', 'list dead letters, the newest of a queue first')
    .option('--queue <name>', 'only of this queue')
    .option('--limit <n>', 'at most this many', wholeNumber, 100)
    .action(async (options: Common & { limit: number }) => {
      const page = await atDesk(options, (desk) =>
        desk.list({ queueName: options.queue, limit: options.limit }),
      );
      if (options.json) return print(page);
      for (const { messageId, diedAt, queueName, attempts, reason } of page.deadLetters) {
        process.stdout.write(`${messageId}  ${diedAt}  ${queueName}  ${attempts} attempt(s)  ${reason}\n`);
      }
      process.stdout.write(`${page.deadLetters.length} of ${page.total} dead letter(s)\n`);
    });
  add('show <id>', 'show one dead letter with its event or its raw body').action(
    async (id: string, options: Common) => {
      const found = await atDesk(options, (desk) => desk.show(id));
      if (found === undefined) throw new ReceiptdError('NO_DEAD_LETTER', `no dead letter ${id}`);
      print(found);
    },
  );
  const act = (name: 'retry' | 'drop', description: string, done: string) =>
    add(`${name} [ids...]`, description)
      .option('--all', 'all of them')
      .option('--queue <name>', 'with --all: only of this queue')
      .action(async (ids: string[], options: Common & { all?: boolean }) => {
        const selection = select(ids, options);
        const outcome = await atDesk(options, (desk) => desk[name](selection));
        report(outcome, done, options.json);
      });
  act('retry', 'put dead letters back into the pipeline with all their attempts', 'put back');
  act('drop', 'delete dead letters for good', 'dropped');
  return command;
}

function select(ids: string[], { all, queue }: { all?: boolean; queue?: string }): DeadLetterSelection {
  if (all === true && ids.length === 0) return { all, queueName: queue };
  if (all !== true && ids.length > 0 && queue === undefined) return { messageIds: ids };
  throw new UsageError('DEAD_SELECTION', 'name the dead letters by id, or say --all');
}

function report({ done, missing }: DeadLetterOutcome, what: string, json?: boolean): void {
  if (json) print({ done, missing });
  else process.stdout.write(`${done} dead letter(s) ${what}\n`);
  for (const id of missing) process.stderr.write(`no dead letter ${id}\n`);
  if (missing.length > 0) process.exitCode = 1;
}

/** Opens the store, or turns to the daemon that has it. */
async function atDesk<T>(options: Common, use: (desk: DeadLetterDesk) => Promise<T>): Promise<T> {
  const { config } = loadConfig({ file: options.config, env: process.env, cwd: process.cwd() });
  const daemon = await runningDaemon(config);
  if (daemon !== undefined) return use(daemon);
  const backend = await openBackend(config.pipeline);
  const queues = config.queues.map(({ queueName }) => [queueName, backend.queue(queueName)] as const);
  try {
    return await use(new DeadLetters(new Map(queues)));
  } finally {
    await Promise.all(queues.map(([, queue]) => queue.close()));
    await backend.close();
  }
}

async function runningDaemon({ pipeline, ops }: Config): Promise<DeadLetterDesk | undefined> {
  if (pipeline.backend !== 'embedded') return undefined;
  const owner = await DataDirLock.owner(pipeline.dataDir);
  if (owner === undefined) return undefined;
  if (owner.opsUrl !== '') return new OpsClient(owner.opsUrl, ops.token);
  throw new ReceiptdError(
    'DATA_DIR_IN_USE',
    `${pipeline.dataDir} is in use by process ${owner.pid}, try again`,
  );
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000) {
    throw new UsageError('USAGE', `--limit must be a whole number from 1 to 1000, got ${text}`);
  }
  return value;
}
