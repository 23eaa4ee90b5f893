/** A replay without delivering: every entry is decoded and checked, and nothing is opened but the files. */
import type { Readable } from 'node:stream';
import { readMessages } from '../message-file/index.js';
import { driftText, type Sieve } from './sieve.js';
import type { Tally } from './tally.js';

export interface DryRunOptions {
  files: readonly string[];
  sieve: Sieve;
  tally: Tally;
  onBytes(bytes: number): void;
  stop: AbortSignal;
  stdin?: Readable;
}

/** @returns whether it came to its end */
export async function dryRun({ files, sieve, tally, onBytes, stop, stdin }: DryRunOptions): Promise<boolean> {
  try {
    for (const file of files) {
      sieve.nextFile();
      for await (const batch of readMessages(file, { onBytes, signal: stop, ...(stdin && { stdin }) })) {
        for (const entry of batch) {
          const verdict = sieve.judge(entry);
          if (verdict.kind === 'message') {
            const drift = driftText(verdict.drift);
            tally.count(verdict.message.messageType, drift === undefined ? 'ok' : 'drifted', entry.at, drift);
          } else if (verdict.kind === 'undecodable') {
            tally.count(verdict.message.messageType, 'undecodable', entry.at, verdict.reason);
          } else if (verdict.kind === 'unreadable') tally.unreadable(entry.at, verdict.reason);
          else if (verdict.kind === 'duplicate') tally.duplicates += 1;
          else tally.filtered += 1;
        }
      }
    }
    return true;
  } catch (error) {
    if (stop.aborted) return false;
    throw error;
  }
}
