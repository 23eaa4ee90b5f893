/**
 * `/_emulator/…`: steers and inspects an emulator that runs as another process. JSON in and out, no authentication:
 * it is for loopback, like the emulator itself.
 *
 *   GET  /_emulator/stats                  stats, and the counters of every queue
 *   GET  /_emulator/queues/NAME            counters, the ids deleted, and every message there is
 *   POST /_emulator/queues/NAME/send       {"receipts":[…]} or {"bodies":["…"]} → {"ids":[…]}
 *   POST /_emulator/queues/NAME/generate   {"count":N} → {"count":N}
 *   POST /_emulator/revoke-tokens
 *   POST /_emulator/fail                   {"operation","count","status","code"} or {"operation","count","kind":"reset"|"hang"}
 */
import type { Emulator, Operation } from './emulator.js';
import type { Fault } from './faults.js';
import { MNS_OPERATIONS } from './mns-service.js';
import { POP_OPERATION } from './pop-service.js';
import type { Reply } from './reply.js';

export const ADMIN_PREFIX = '/_emulator/';

type Json = Record<string, unknown>;

/** The request is wrong: answered as 400. */
class BadRequest extends Error {}

export function handleAdmin(emulator: Emulator, method: string, target: string, body: string): Reply {
  try {
    const [path = ''] = target.slice(ADMIN_PREFIX.length).split('?');
    const queue = /^queues\/([^/]+)(?:\/(send|generate))?$/.exec(path);
    const answer =
      queue === null
        ? general(emulator, `${method} ${path}`, body)
        : ofQueue(emulator, queue[1] ?? '', `${method} ${queue[2] ?? ''}`, body);
    return answer === undefined
      ? json(404, { error: `no such resource: ${method} ${target}` })
      : json(200, answer);
  } catch (error) {
    return json(400, { error: (error as Error).message });
  }
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
    case 'POST revoke-tokens':
      emulator.revokeTokens();
      return {};
    case 'POST fail': {
      const order = parse(body);
      emulator.failNext(operationOf(order), countOf(order), faultOf(order));
      return {};
    }
    default:
      return undefined;
  }
}

function ofQueue(emulator: Emulator, name: string, request: string, body: string): Json | undefined {
  switch (request) {
    case 'GET ': {
      const queue = emulator.queue(name);
      return {
        name,
        messageType: queue.messageType,
        ...queue.counters(),
        messages: queue.messages,
        deletedIds: queue.deletedIds,
      };
    }
    case 'POST send': {
      const { receipts = [], bodies = [] } = parse(body);
      if (!Array.isArray(receipts) || !Array.isArray(bodies))
        throw new BadRequest('receipts and bodies are arrays');
      if (!bodies.every((item) => typeof item === 'string')) throw new BadRequest('bodies are strings');
      const ids = receipts.map((receipt) => emulator.send(name, receipt));
      return { ids: [...ids, ...bodies.map((item) => emulator.sendBody(name, item))] };
    }
    case 'POST generate': {
      const count = countOf(parse(body));
      emulator.generate(name, count);
      return { count };
    }
    default:
      return undefined;
  }
}

function parse(body: string): Json {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadRequest('expected an object');
  return value as Json;
}

function countOf({ count }: Json): number {
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1) return count;
  throw new BadRequest('count is a whole number from 1');
}

function operationOf({ operation }: Json): Operation {
  const known = [...MNS_OPERATIONS, POP_OPERATION] as const;
  const found = known.find((name) => name === operation);
  if (found === undefined) throw new BadRequest(`operation is one of ${known.join(', ')}`);
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
