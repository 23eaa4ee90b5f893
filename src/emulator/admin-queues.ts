/** The admin API's share of queues: making, filling and looking into them. */
import { BadRequest, type Json, parseJson, wholeCount } from './admin-request.js';
import type { Emulator } from './emulator.js';
import type { QueueOptions, QueueView } from './queue-view.js';

/** Receipts made in one go; the emulator does nothing else meanwhile. */
const MAX_GENERATE = 1_000_000;

/** What an option may be is for the emulator to say. */
export function adminQueues(emulator: Emulator, body: string): Json {
  return viewOf(emulator.createQueue(parseJson(body) as unknown as QueueOptions));
}

export function adminQueue(
  emulator: Emulator,
  name: string,
  request: string,
  body: string,
): Json | undefined {
  switch (request) {
    case 'GET ':
      return viewOf(emulator.queue(name));
    case 'POST send': {
      const { receipts = [], bodies = [], priority, delaySeconds } = parseJson(body);
      if (!Array.isArray(receipts) || !Array.isArray(bodies))
        throw new BadRequest('receipts and bodies are arrays');
      if (!bodies.every((item) => typeof item === 'string')) throw new BadRequest('bodies are strings');
      const options = { ...optional('priority', priority), ...optional('delaySeconds', delaySeconds) };
      const ids = receipts.map((receipt) => emulator.send(name, receipt, options));
      return { ids: [...ids, ...bodies.map((item) => emulator.sendBody(name, item, options))] };
    }
    case 'POST generate': {
      const count = wholeCount(parseJson(body));
      if (count > MAX_GENERATE) throw new BadRequest(`count is at most ${MAX_GENERATE}`);
      emulator.generate(name, count);
      return { count };
    }
    default:
      return undefined;
  }
}

function optional(name: string, value: unknown): Record<string, number> {
  if (value === undefined) return {};
  if (typeof value !== 'number') throw new BadRequest(`${name} is a number`);
  return { [name]: value };
}

function viewOf(queue: QueueView): Json {
  const { name, messageType, attributes, messages, deletedIds } = queue;
  return { name, messageType, attributes, ...queue.counters(), messages, deletedIds };
}
