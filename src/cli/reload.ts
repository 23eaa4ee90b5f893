/**
 * SIGHUP: files are opened anew at once, as whoever rotates them asks for, and the configuration is read again. What is
 * wrong with a new one is told, and the old one goes on.
 */
import type { Logger } from 'pino';
import { type Config, ConfigError } from '../config/index.js';
import type { Receiptd } from '../daemon.js';
import { describeError } from '../errors.js';

const REFUSED = 'reload: the configuration is refused, the old one goes on:';

export class Reloader {
  readonly #daemon: Receiptd;
  readonly #read: () => Config;
  readonly #log: Logger;
  #underWay: Promise<void> | undefined;
  #again = false;

  /** @param read the configuration as it is now */
  constructor(daemon: Receiptd, read: () => Config, log: Logger) {
    this.#daemon = daemon;
    this.#read = read;
    this.#log = log;
  }

  /** However often it is called while a change is under way, that is followed by one more. */
  reload(): void {
    this.#log.info('SIGHUP: opening files anew');
    this.#daemon.reopen();
    this.#again = true;
    this.#underWay ??= this.#run().finally(() => {
      this.#underWay = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      try {
        await this.#daemon.reload(this.#read());
      } catch (error) {
        const lines = error instanceof ConfigError ? error.lines : [describeError(error)];
        for (const line of lines) this.#log.error(`${REFUSED} ${line}`);
      }
    }
  }
}
