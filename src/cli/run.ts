/** `receiptd run`: the daemon in the foreground, until a signal ends it. */
import { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import { Receiptd } from '../daemon.js';
import { createLogger } from '../log.js';
import { Reloader } from './reload.js';

/** ms before the end that deliveries under way are told of it, so that they can give up in good order. */
const LAST_NOTICE_MS = 1_000;

export function runCommand(): Command {
  return new Command('run')
    .description('run the daemon')
    .option(
      '-c, --config <file>',
      'configuration file (default: $RECEIPTD_CONFIG, receiptd.yaml, config/receiptd.yaml)',
    )
    .action(async (options: { config?: string }) => {
      const read = () => loadConfig({ file: options.config, env: process.env, cwd: process.cwd() }).config;
      const config = read();
      const log = createLogger(config.log);
      const daemon = new Receiptd(config, log, []);

      const signal = new Promise<void>((resolve) => {
        let draining = false;
        // One listener for both signals, the first and the second: one that is replaced can lose a signal in between.
        const onSignal = (name: NodeJS.Signals) => {
          if (draining) process.exit(1);
          draining = true;
          log.info(
            `${name}: draining, for at most ${daemon.config.shutdown.timeout} ms; a second signal exits at once`,
          );
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
      try {
        await Promise.race([signal, started.then(() => Promise.race([signal, daemon.fatal]))]);
      } finally {
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
      log.info('drained');
      // What a user's module holds open (a pool, an interval) would keep the process. Nothing is cut: the log is written
      // at once, and a sink has written what it confirmed.
      process.exit(0);
    });
}
