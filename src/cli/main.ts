#!/usr/bin/env node
import { debuglog } from 'node:util';
import { Command, CommanderError } from 'commander';
import { describeError, UsageError } from '../errors.js';
import { VERSION } from '../version.js';

/**
 * The executable. A command's file is only loaded when it is the one that was asked for: `receiptd status` does not wait
 * for BullMQ and PGlite. Exit codes: 0 fine, 1 failed at run time, 2 usage or configuration.
 */

interface Entry {
  summary: string;
  load: () => Promise<Command>;
}

/** Every command, in the order of the help. A new one is a line here and a file beside this one. */
const commands: Record<string, Entry> = {
  run: {
    summary: 'run the daemon',
    load: async () => (await import('./run.js')).runCommand(),
  },
  replay: {
    summary: 'run messages from files through the pipeline to the sinks',
    load: async () => (await import('./replay.js')).replayCommand(),
  },
  capture: {
    summary: 'pull messages from the queues into a file, without deleting them',
    load: async () => (await import('./capture.js')).captureCommand(),
  },
  demo: {
    summary: 'try receiptd on sample receipts, without any account or server',
    load: async () => (await import('./demo.js')).demoCommand(),
  },
  emulator: {
    summary: "run a stand-in for Alibaba Cloud's token call and MNS queues on this machine",
    load: async () => (await import('./emulator.js')).emulatorCommand(),
  },
  config: {
    summary: 'check or show the configuration',
    load: async () => (await import('./config.js')).configCommand(),
  },
  doctor: {
    summary: 'check everything the configuration leads to, and say what to do',
    load: async () => (await import('./doctor.js')).doctorCommand(),
  },
  dead: {
    summary: 'look at dead letters, try them again, or drop them',
    load: async () => (await import('./dead.js')).deadCommand(),
  },
  sql: {
    summary: 'make the tables of sql sinks, hash phone numbers',
    load: async () => (await import('./sql.js')).sqlCommand(),
  },
  status: {
    summary: 'show the state of a running daemon',
    load: async () => (await import('./status.js')).statusCommand(),
  },
};

async function main(args: readonly string[]): Promise<void> {
  const program = new Command('receiptd')
    .description(
      'Drains Alibaba Cloud Communications receipts out of MNS queues and delivers each one to your sinks',
    )
    .version(VERSION);
  for (const [name, { summary, load }] of Object.entries(commands)) {
    // The others only show their line in the help. Naming one anywhere loads it, which also serves `receiptd help run`.
    program.addCommand((args.includes(name) ? await load() : new Command(name)).summary(summary));
  }
  throwOnExit(program);
  await program.parseAsync(args, { from: 'user' });
}

/** Lets usage errors and help come back to us as exceptions; commander would exit with 1. */
function throwOnExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwOnExit);
}

async function fail(error: unknown): Promise<never> {
  // Commander has already said what is wrong, or has shown the help that was asked for.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  debuglog('receiptd')('%s', error instanceof Error ? error.stack : error);
  for (const line of await linesOf(error)) process.stderr.write(`error: ${line}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

async function linesOf(error: unknown): Promise<string[]> {
  const { ConfigError } = await import('../config/index.js');
  return error instanceof ConfigError ? error.lines : [describeError(error)];
}

// The reader has gone (`receiptd config print | head -1`): nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  void fail(error);
});

await main(process.argv.slice(2)).catch(fail);
