/** Fault rules from a file, YAML or JSON: a list of rules, or `{ seed: N, faults: [rules] }`. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { describeError, UsageError } from '../errors.js';
import { type FaultRule, parseFaultRule } from './fault-rule.js';

export interface FaultFile {
  seed: number | undefined;
  faults: FaultRule[];
}

const schema = z.union([
  z.array(z.unknown()).transform((faults) => ({ seed: undefined, faults })),
  z.strictObject({ seed: z.int().optional(), faults: z.array(z.unknown()) }),
]);

/** @throws {UsageError} names the file and, for a bad rule, its place in the list */
export function readFaultFile(path: string): FaultFile {
  const { seed, faults } = read(path);
  return {
    seed,
    faults: faults.map((rule, index) => {
      try {
        return parseFaultRule(rule);
      } catch (cause) {
        throw fileError(`${path}: rule ${index + 1}: ${describeError(cause)}`, cause);
      }
    }),
  };
}

function read(path: string): z.infer<typeof schema> {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw fileError(`${path}: ${missing ? 'there is no such file' : describeError(cause)}`, cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw fileError(`${path}: expected a list of faults, or { seed: N, faults: [...] }`, result.error);
}

function fileError(message: string, cause: unknown): UsageError {
  return new UsageError('EMULATOR_FAULTS_FILE', message, { cause });
}
