/**
 * One rule of failure: which calls it is for, how often it strikes, and what it does to them. Written as an object (in
 * code, a file, the admin API) or as one line of text (a flag); both forms mean the same.
 */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { OPERATIONS, type Operation } from './operations.js';

export type FaultEffect =
  /** This status and code instead of an answer; the call has no effect. */
  | { kind: 'error'; status: number; code: string }
  /** So many milliseconds more, or from … to; then the call goes on. */
  | { kind: 'latency'; ms: number | readonly [number, number] }
  /** The connection is reset before the call has an effect. */
  | { kind: 'reset' }
  /** The call takes effect, then the connection is reset: the answer is lost. */
  | { kind: 'lost' }
  /** No answer and no effect, until the client gives up. */
  | { kind: 'hang' }
  /** Batch delete: every second handle, from the first on, is not deleted but listed as failed; the others are deleted. */
  | { kind: 'half' }
  /** Receive: the messages of the answer that come for the first time are delivered once more, even if deleted. */
  | { kind: 'duplicate' }
  /** MNS: the token that the call carries stops working for good. Token call: the token it gives is dead already. */
  | { kind: 'expired-token' };

export type FaultRule = {
  /** `*` for every operation that the kind makes sense for. */
  operation: Operation | '*';
  /** Only calls for this queue. */
  queue?: string | undefined;
  /** Share of the calls, 0 to 1. @default 1 */
  rate?: number | undefined;
  /** Strikes so many times at most. */
  count?: number | undefined;
} & FaultEffect;

const RECEIVES: readonly Operation[] = ['ReceiveMessage', 'BatchReceiveMessage'];
const ONLY: Partial<Record<FaultEffect['kind'], readonly Operation[]>> = {
  half: ['BatchDeleteMessage'],
  duplicate: RECEIVES,
};

export const FAULT_GRAMMAR = 'OPERATION[@QUEUE]=KIND[:RATE][#COUNT]';
const KINDS =
  'error/STATUS/CODE, latency/MS, latency/MIN-MAX, reset, lost, hang, half, duplicate or expired-token';

const base = {
  operation: z.enum(['*', ...OPERATIONS], {
    error: ({ input }) => `unknown operation ${String(input)}; known are *, ${OPERATIONS.join(', ')}`,
  }),
  queue: z.string().min(1).optional(),
  rate: z.number().min(0).max(1).optional(),
  count: z.int().min(1).optional(),
};
const ms = z.number().min(0).max(3_600_000);
const plain = ['reset', 'lost', 'hang', 'half', 'duplicate', 'expired-token'] as const;
const schema = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      ...base,
      kind: z.literal('error'),
      status: z.int().min(200).max(599),
      code: z.string().regex(/^[\w.]+$/, 'expected an error code'),
    }),
    z.strictObject({
      ...base,
      kind: z.literal('latency'),
      ms: z.union([ms, z.tuple([ms, ms])], {
        error: 'expected milliseconds up to an hour, or [least, most]',
      }),
    }),
    z.strictObject({ ...base, kind: z.enum(plain) }),
  ],
  { error: ({ code }) => (code === 'invalid_union' ? 'unknown kind' : undefined) },
);

/** Whether calls of this operation are the rule's business. */
export function appliesTo(rule: FaultRule, operation: Operation, queue: string): boolean {
  if (rule.operation !== '*' && rule.operation !== operation) return false;
  if (rule.queue !== undefined && rule.queue !== queue) return false;
  return ONLY[rule.kind]?.includes(operation) ?? true;
}

/**
 * @param value an object, or a text as {@link FAULT_GRAMMAR} says
 * @throws {UsageError} one line: what is wrong with the rule, and how one is written
 */
export function parseFaultRule(value: unknown): FaultRule {
  try {
    return check(typeof value === 'string' ? fromText(value) : value);
  } catch (cause) {
    const reason = (cause as Error).message;
    const message =
      typeof value === 'string'
        ? `fault ${value}: ${reason}; expected ${FAULT_GRAMMAR}, KIND being ${KINDS}`
        : `fault ${JSON.stringify(value)}: ${reason}`;
    throw new UsageError('EMULATOR_FAULT', message, { cause });
  }
}

function check(value: unknown): FaultRule {
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const where = issue?.path.join('.');
    throw new Error(`${where ? `${where}: ` : ''}${issue?.message ?? 'not valid'}`);
  }
  const rule: FaultRule = result.data;
  if (rule.kind === 'latency' && typeof rule.ms !== 'number' && rule.ms[0] > rule.ms[1]) {
    throw new Error('ms: the first of two is the lesser');
  }
  const only = ONLY[rule.kind];
  if (only !== undefined && rule.operation !== '*' && !only.includes(rule.operation)) {
    throw new Error(`${rule.kind} is for ${only.join(' and ')}`);
  }
  return rule;
}

const TEXT = /^([\w*]+)(?:@([^=]+))?=([a-z-]+)((?:\/[^/:#]+)*)(?::([\d.]+))?(?:#(\d+))?$/;

/** What the text says, yet unchecked. */
function fromText(text: string): Record<string, unknown> {
  const match = TEXT.exec(text);
  if (match === null) throw new Error('not understood');
  const [, operation, queue, kind, parts = '', rate, count] = match;
  const args = parts.split('/').slice(1);
  const [first = '', second] = args;
  const range = /^(\d+)-(\d+)$/.exec(first);
  const expected = kind === 'error' ? 2 : kind === 'latency' ? 1 : 0;
  if (args.length !== expected) throw new Error(`${kind} takes ${expected} values after a slash`);
  return {
    operation,
    kind,
    ...(queue !== undefined && { queue }),
    ...(rate !== undefined && { rate: Number(rate) }),
    ...(count !== undefined && { count: Number(count) }),
    ...(kind === 'error' && { status: Number(first), code: second }),
    ...(kind === 'latency' && {
      ms: range === null ? Number(first) : [Number(range[1]), Number(range[2])],
    }),
  };
}
