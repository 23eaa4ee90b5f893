/** `receiptd run`: the daemon in the foreground, until a signal ends it, or with `--once` until all is done. */
import { Command, Option } from 'commander';
import { loadConfig } from '../config/index.js';
import { Receiptd } from '../daemon.js';
import { createLogger } from '../log.js';
import { duration } from './duration.js';
import { conclude, type Ending, onceConfig, tellStuck, untilDone } from './once.js';
import { Reloader } from './reload.js';

/** ms before the end that deliveries under way are told of it, so that they can give up in good order. */
const LAST_NOTICE_MS = 1_000;

const HELP = `
SIGTERM and SIGINT drain and exit with 0. SIGHUP reads the configuration again.

With --once it ends when every queue is empty, and all that was received is delivered and deleted: exit code 0. It waits for
retries. It exits with 1 when messages became dead letters meanwhile, when nothing has moved on for --give-up-after (a sink
that stays down, a token that is refused), and when a signal came first. What is not deleted comes again.`;

interface Flags {
  config?: string;
  once?: boolean;
  giveUpAfter: number;
}

export function runCommand(): Command {
  return new Command('run')
    .description('run the daemon')
    .option(
      '-c, --config <file>',
      'configuration file (default: $RECEIPTD_CONFIG, receiptd.yaml, config/receiptd.yaml)',
    )
    .option('--once', 'drain the queues until they are empty, then exit: for jobs that run now and then')
    .addOption(
      new Option(
        '--give-up-after <duration>',
        'with --once: exit with 1 when nothing has moved on for so long',
      )
        .argParser(duration)
        .default(180_000, '3m'),
    )
    .addHelpText('after', HELP)
    .action(run);
}

async function run({ config: file, once = false, giveUpAfter }: Flags): Promise<void> {
  const read = () => {
    const { config } = loadConfig({ file, env: process.env, cwd: process.cwd() });
    return once ? onceConfig(config) : config;
  };
  const config = read();
  const log = createLogger(config.log);
  const daemon = new Receiptd(config, log, [], once);
  const startedAt = performance.now();
  const stop = new AbortController();

  const signal = new Promise<void>((resolve) => {
    let draining = false;
    // One listener for both signals, the first and the second: one that is replaced can lose a signal in between.
    const onSignal = (name: NodeJS.Signals) => {
      if (draining) process.exit(1);
      draining = true;
      const { timeout } = daemon.config.shutdown;
      log.info(`${name}: draining, for at most ${timeout} ms; a second signal exits at once`);
      stop.abort();
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });

  const reloader = new Reloader(daemon, read, log);
  process.on('SIGHUP', () => reloader.reload());

  const started = daemon.start();
  // A signal during the start makes it fail, which is then nobody's concern.
  started.catch(() => {});
  const failed = started.then(() => daemon.fatal);
  // With the start under way already: what keeps it from ending may last as well.
  const done = once ? untilDone(daemon, started, giveUpAfter, stop.signal) : signal;
  let ending: Ending | undefined;
  try {
    ending = (await Promise.race([signal, done, failed])) ?? undefined;
    if (ending === 'stuck') tellStuck(log, daemon.status(), giveUpAfter);
  } finally {
    stop.abort();
    const { timeout } = daemon.config.shutdown;
    const lastNotice = setTimeout(() => daemon.abort(), timeout - Math.min(LAST_NOTICE_MS, timeout / 5));
    const hardStop = setTimeout(() => {
      log.error(`not drained after ${timeout} ms, exiting: what is undelivered comes again`);
      process.exit(1);
    }, timeout);
    await daemon.stop();
    clearTimeout(lastNotice);
    clearTimeout(hardStop);
  }
  if (!once) log.info('drained');
  const code = once
    ? conclude(log, daemon.status(), ending ?? 'interrupted', performance.now() - startedAt)
    : 0;
  // What a user's module holds open (a pool, an interval) would keep the process. Nothing is cut: the log is written
  // at once, and a sink has written what it confirmed.
  process.exit(code);
}
