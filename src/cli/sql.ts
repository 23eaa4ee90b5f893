/** `receiptd sql`: the tables of the sql sinks, and the hash that phone numbers are searched by in them. */
import { Command } from 'commander';
import { loadConfig, type SinkConfig, sinkName } from '../config/index.js';
import { describeError, ReceiptdError, UsageError } from '../errors.js';
import { migrate, migrationScript, phoneHash, placeOf } from '../sinks/sql/index.js';

type SqlConfig = Extract<SinkConfig, { type: 'sql' }>;

interface Options {
  config?: string;
  sink?: string;
}

export function sqlCommand(): Command {
  const command = new Command('sql').description('make the tables of sql sinks, hash phone numbers');
  const add = (usage: string, description: string) =>
    command
      .command(usage)
      .description(description)
      .option('-c, --config <file>', 'configuration file, as for run')
      .option('--sink <name>', 'only this sink');
  add('migrate', 'make the tables of the sql sinks, or bring them up to date')
    .option('--print', 'print the statements instead, for whoever is allowed to run them')
    .action(async ({ print, ...options }: Options & { print?: boolean }) => {
      for (const sink of sinksOf(options)) {
        if (print) process.stdout.write(`-- ${sinkName(sink)}\n\n${migrationScript(placeOf(sink))}\n`);
        else process.stdout.write(`${sinkName(sink)}: ${await migrated(sink)}\n`);
      }
    });
  add('hash-phone <numbers...>', 'print what stands for phone numbers in phone_hash and peer_hash').action(
    (numbers: string[], options: Options) => {
      const [sink, ...others] = sinksOf(options);
      if (others.some(({ phoneKey }) => phoneKey !== sink?.phoneKey)) {
        throw new UsageError('USAGE', 'the sql sinks have several phone keys: name one with --sink');
      }
      for (const number of numbers) {
        const hash = phoneHash(number, sink?.phoneKey);
        if (hash === undefined) throw new UsageError('USAGE', `${number} is no phone number`);
        process.stdout.write(`${hash}  ${number}\n`);
      }
    },
  );
  return command;
}

function sinksOf({ config: file, sink: name }: Options): SqlConfig[] {
  const { config } = loadConfig({ file, env: process.env, cwd: process.cwd() });
  const sinks = config.sinks.filter((sink): sink is SqlConfig => sink.type === 'sql');
  const chosen = name === undefined ? sinks : sinks.filter((sink) => sinkName(sink) === name);
  if (chosen.length > 0) return chosen;
  throw new UsageError(
    'NO_SQL_SINK',
    sinks.length === 0
      ? 'sinks: none is of type sql'
      : `--sink: no sql sink is called ${name}; there is ${sinks.map(sinkName).join(', ')}`,
  );
}

async function migrated(sink: SqlConfig): Promise<string> {
  try {
    const done = await migrate(placeOf(sink), sink.timeout);
    return done.length === 0 ? `table ${sink.table} is up to date` : `table ${sink.table} is ready`;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new ReceiptdError('SQL_MIGRATE', `${sinkName(sink)}: ${describeError(error)}`);
  }
}
