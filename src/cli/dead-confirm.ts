/** Asks a person before dead letters are changed that nobody has named one by one. */
import { createInterface } from 'node:readline';
import { UsageError } from '../errors.js';
import type { DeadLetterCount } from '../pipeline/index.js';

/** @throws {UsageError} when there is nobody to ask */
export function checkAskable(): void {
  if (process.stdin.isTTY && process.stderr.isTTY) return;
  throw new UsageError('DEAD_CONFIRM', 'this may match many dead letters and nobody can be asked: say --yes');
}

export function questionOf({ total, queues }: DeadLetterCount, act: string): string {
  const of = Object.keys(queues).length;
  const what = `${total} dead letter${total === 1 ? '' : 's'} of ${of} queue${of === 1 ? '' : 's'}`;
  return `${what} match${total === 1 ? 'es' : ''}. ${act} ${total === 1 ? 'it' : 'them'}? [y/N] `;
}

/** Anything but a yes, the end of the input and Ctrl-C too, is a no. */
export function confirmed(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: true });
  return new Promise((resolve) => {
    lines.once('close', () => resolve(false));
    lines.question(question, (answer) => {
      resolve(/^\s*y(es)?\s*$/i.test(answer));
      lines.close();
    });
  });
}
