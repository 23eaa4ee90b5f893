/**
 * The latest finished events of one queue of one slice, for whoever looks for one. Keeping an event costs next to nothing:
 * its receipt is kept as the text it is, and read for its keys only when somebody asks, once. Bounded by count and by
 * bytes; the oldest make room.
 */
import type { ReceiptJob } from '../pipeline/index.js';
import {
  bareNumber,
  businessKeys,
  type EventRecord,
  type MessageOrigin,
  parseReceipt,
} from '../receipts/index.js';
import type { EventOutcome, RecentEvent, RecentQuery } from '../stats.js';

export interface RecentBounds {
  /** 1 or more. */
  events: number;
  bytes: number;
}

/** Of one slice, for all of its queues, each of which has an equal part: a busy one does not push out the others. */
const OF_A_SLICE: RecentBounds = { events: 4_000, bytes: 4 * 1024 * 1024 };
/** Bytes of one beside its texts, about. */
const OVERHEAD = 300;
/** Characters that may take two bytes. */
const BYTES_A_CHARACTER = 2;

export function recentBounds(queues: number): RecentBounds {
  return {
    events: Math.max(1, Math.floor(OF_A_SLICE.events / queues)),
    bytes: Math.floor(OF_A_SLICE.bytes / queues),
  };
}

type Known = Omit<RecentEvent, 'bizId' | 'callId' | 'outId' | 'phone'>;

interface Kept {
  known: Known;
  /** The receipt until somebody asked; what it told then. */
  json: string | undefined;
  found?: { event: RecentEvent; numbers: ReadonlySet<string> };
  bytes: number;
}

export class RecentEvents {
  readonly #origin: Pick<MessageOrigin, 'queueName' | 'messageType'>;
  readonly #bounds: RecentBounds;
  /** A ring: the next one takes the place of the oldest once it has come round. */
  readonly #kept: (Kept | undefined)[] = [];
  #next = 0;
  #oldest = 0;
  #size = 0;
  #bytes = 0;

  /** @param origin what a message that could not be decoded is of */
  constructor(origin: Pick<MessageOrigin, 'queueName' | 'messageType'>, bounds: RecentBounds) {
    this.#origin = origin;
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#size;
  }

  /** About what it takes of memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param outcomes of the events of the message, in their order */
  add({ message, content }: ReceiptJob, outcomes: readonly EventOutcome[]): void {
    const at = Date.now();
    const { queueName, messageType: messagetype } = this.#origin;
    const events = 'events' in content ? content.events : [{ id: message.messageId, messagetype, json: '' }];
    for (const [index, outcome] of outcomes.entries()) {
      const event = events[index];
      if (event === undefined) continue;
      const { id, messagetype: messageType, subject, json } = event as EventRecord;
      const known = { id, queueName, messageType, at, outcome, ...(subject !== undefined && { subject }) };
      const characters = id.length + json.length + (subject?.length ?? 0);
      this.#keep({ known, json, bytes: OVERHEAD + characters * BYTES_A_CHARACTER });
    }
  }

  /** The newest first. */
  find({ text, limit }: RecentQuery): RecentEvent[] {
    const wanted = text?.trim() ?? '';
    const number = bareNumber(wanted);
    const found: RecentEvent[] = [];
    const { events } = this.#bounds;
    for (let back = 1; back <= this.#size && found.length < limit; back += 1) {
      const kept = this.#kept[(this.#next - back + events) % events];
      if (kept === undefined) continue;
      const { event, numbers } = this.#read(kept);
      if (wanted === '' || isAbout(event, wanted) || (number !== undefined && numbers.has(number)))
        found.push(event);
    }
    return found;
  }

  #keep(kept: Kept): void {
    const { events, bytes: most } = this.#bounds;
    while (this.#size > 0 && (this.#size >= events || this.#bytes + kept.bytes > most)) this.#dropOldest();
    if (kept.bytes > most) return;
    this.#kept[this.#next] = kept;
    this.#next = (this.#next + 1) % events;
    this.#size += 1;
    this.#bytes += kept.bytes;
  }

  #read(kept: Kept): { event: RecentEvent; numbers: ReadonlySet<string> } {
    if (kept.found !== undefined) return kept.found;
    const { known, json = '' } = kept;
    const { phones, ...ids } = keysOf(json, known.messageType);
    const [phone] = phones;
    const event = { ...known, ...ids, ...(phone !== undefined && { phone }) };
    const numbers = new Set(phones.flatMap((one) => bareNumber(one) ?? []));
    kept.found = { event, numbers };
    // Its bytes stay counted: an upper bound will do.
    kept.json = undefined;
    return kept.found;
  }

  #dropOldest(): void {
    this.#bytes -= this.#kept[this.#oldest]?.bytes ?? 0;
    this.#kept[this.#oldest] = undefined;
    this.#oldest = (this.#oldest + 1) % this.#bounds.events;
    this.#size -= 1;
  }
}

function isAbout(event: RecentEvent, text: string): boolean {
  const { id, subject, bizId, callId, outId } = event;
  // A message that has several events is looked for by its own id.
  return [id, id.replace(/#\d+$/, ''), subject, bizId, callId, outId].includes(text);
}

function keysOf(json: string, messageType: string) {
  try {
    return businessKeys(parseReceipt(json), messageType);
  } catch {
    return { phones: [] };
  }
}

/** The newest of all lists, each of which has its newest first. */
export function newestOf(lists: readonly (readonly RecentEvent[])[], limit: number): RecentEvent[] {
  return lists
    .flat()
    .sort((a, b) => b.at - a.at)
    .slice(0, limit);
}
