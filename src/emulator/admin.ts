/**
 * `/_emulator/…`: steers and inspects an emulator that runs as another process. JSON in and out, no authentication:
 * it is for loopback, like the emulator itself.
 *
 *   GET    /_emulator/stats                  stats, and the counters of every queue
 *   GET    /_emulator/queues/NAME            counters, the ids deleted, and every message there is
 *   POST   /_emulator/queues                 {"name","messageType",…attributes} → the queue
 *   POST   /_emulator/queues/NAME/send       {"receipts":[…]} or {"bodies":["…"]}, with "priority","delaySeconds" → {"ids":[…]}
 *   POST   /_emulator/queues/NAME/generate   {"count":N} → {"count":N}, at most 1,000,000
 *   POST   /_emulator/revoke-tokens
 *   POST   /_emulator/fail                   {"operation","count","status","code"} or {"operation","count","kind":"reset"|"hang"}
 *   GET    /_emulator/faults                 {"seed","faults":[rules, each with "calls" and "hits"]}
 *   POST   /_emulator/faults                 {"faults":[rules or texts],"replace":true,"seed":N} → as GET
 *   DELETE /_emulator/faults                 → as GET
 *   GET    /_emulator/settings               clock offset, token life, limits
 *   POST   /_emulator/settings               those to change → as GET
 */
import { z } from 'zod';
import { describeError } from '../errors.js';
import { adminQueue, adminQueues } from './admin-queues.js';
import { BadRequest, type Json, parseJson, wholeCount } from './admin-request.js';
import type { Emulator } from './emulator.js';
import { type FaultRule, parseFaultRule } from './fault-rule.js';
import type { Fault } from './fault-rules.js';
import { OPERATIONS, type Operation } from './operations.js';
import type { Reply } from './reply.js';
import type { Settings } from './settings.js';

export const ADMIN_PREFIX = '/_emulator/';

/** @param flush makes what the request has changed durable, before it is answered */
export function handleAdmin(
  emulator: Emulator,
  flush: () => void,
  method: string,
  target: string,
  body: string,
): Reply {
  let answer: Json | undefined;
  try {
    const [path = ''] = target.slice(ADMIN_PREFIX.length).split('?');
    const queue = /^queues\/([^/]+)(?:\/(send|generate))?$/.exec(path);
    answer =
      queue === null
        ? general(emulator, `${method} ${path}`, body)
        : adminQueue(emulator, queue[1] ?? '', `${method} ${queue[2] ?? ''}`, body);
  } catch (error) {
    return json(400, { error: describeError(error) });
  }
  try {
    flush();
    if (answer !== undefined) return json(200, answer);
  } catch (error) {
    // Not even text may be had of a queue that is too long for one.
    return json(500, { error: describeError(error) });
  }
  return json(404, { error: `no such resource: ${method} ${target}` });
}

function general(emulator: Emulator, request: string, body: string): Json | undefined {
  switch (request) {
    case 'GET stats': {
      const queues = emulator.queues.map((queue) => [
        queue.name,
        { messageType: queue.messageType, ...queue.counters() },
      ]);
      return { ...emulator.stats, queues: Object.fromEntries(queues) };
    }
    case 'POST queues':
      return adminQueues(emulator, body);
    case 'POST revoke-tokens':
      emulator.revokeTokens();
      return {};
    case 'POST fail': {
      const order = parseJson(body);
      emulator.failNext(operationOf(order), wholeCount(order), faultOf(order));
      return {};
    }
    case 'GET faults':
      return faultsOf(emulator);
    case 'POST faults':
      changeFaults(emulator, parseJson(body));
      return faultsOf(emulator);
    case 'DELETE faults':
      emulator.clearFaults();
      return faultsOf(emulator);
    case 'GET settings':
      return { ...emulator.settings };
    case 'POST settings':
      emulator.configure(parseJson(body) as Partial<Settings>);
      return { ...emulator.settings };
    default:
      return undefined;
  }
}

function faultsOf({ seed, faults }: Emulator): Json {
  return { seed, faults };
}

const faultOrder = z.strictObject({
  faults: z.array(z.unknown()),
  replace: z.boolean().default(false),
  seed: z.int().optional(),
});

/** All rules are checked before the first change. A new seed starts all of them anew, so it goes with `replace`. */
function changeFaults(emulator: Emulator, order: Json): void {
  const result = faultOrder.safeParse(order);
  if (!result.success) throw new BadRequest('expected {"faults":[…]}, with "replace":true and then "seed":N');
  const { faults, replace, seed } = result.data;
  if (seed !== undefined && !replace) throw new BadRequest('seed: only with "replace":true');
  const rules: FaultRule[] = faults.map(parseFaultRule);
  if (replace) emulator.clearFaults(seed);
  emulator.addFaults(rules);
}

function operationOf({ operation }: Json): Operation {
  const found = OPERATIONS.find((name) => name === operation);
  if (found === undefined) throw new BadRequest(`operation is one of ${OPERATIONS.join(', ')}`);
  return found;
}

function faultOf({ kind, status, code }: Json): Fault {
  if (kind === 'reset' || kind === 'hang') return kind;
  if (typeof status === 'number' && status >= 200 && status <= 599 && typeof code === 'string')
    return { status, code };
  throw new BadRequest('give status and code, or kind: reset | hang');
}

function json(status: number, value: Json): Reply {
  return { status, body: JSON.stringify(value), headers: ['Content-Type', 'application/json;charset=utf-8'] };
}
