/** The log: pino on standard error, so that standard output is free for events. */
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config/index.js';

const STDERR = 2;

/** JSON, one object a line; pretty for people, which `auto` means a terminal is. Synchronous: no line is lost at exit. */
export function createLogger({ level, format }: Config['log']): Logger {
  const forPeople = format === 'pretty' || (format === 'auto' && process.stderr.isTTY === true);
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!forPeople) return pino(options, pino.destination({ dest: STDERR, sync: true }));
  return pino(options, pretty({ destination: STDERR, sync: true, ignore: 'pid,hostname' }));
}
