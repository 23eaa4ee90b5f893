/**
 * Decides the fate of each call. What was ordered for the very next calls (`failNext`) comes first; else the rules are
 * asked, in the order they were added: delays add up, and of the others the first that strikes wins.
 *
 * Deterministic: whether a rule strikes depends on the seed, the rule's place in the list and how many calls it has
 * seen, and on nothing else. The same requests in the same order meet the same faults, and traffic that is none of a
 * rule's business does not move them.
 */
import { appliesTo, type FaultEffect, type FaultRule } from './fault-rule.js';
import type { Operation } from './operations.js';
import { between, seededRandom } from './seeded-random.js';

/** An error answer with this status and code, a TCP reset, or no answer. None of them has an effect on the queue. */
export type Fault = { status: number; code: string } | 'reset' | 'hang';

/** A rule, and what came of it. */
export type FaultReport = FaultRule & {
  /** Calls the rule was asked about. */
  calls: number;
  /** Calls it struck. */
  hits: number;
};

export interface Injection {
  /** Milliseconds to wait first. */
  readonly delay: number;
  readonly effect: Exclude<FaultEffect, { kind: 'latency' }> | undefined;
}

interface Order {
  readonly operation: Operation;
  readonly fault: Fault;
  left: number;
}

interface Entry {
  readonly rule: FaultRule;
  readonly random: () => number;
  calls: number;
  hits: number;
}

export class FaultRules {
  #orders: Order[] = [];
  #seed: number;
  #entries: Entry[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  get seed(): number {
    return this.#seed;
  }

  add(rule: FaultRule): void {
    const random = seededRandom(this.#seed, this.#entries.length);
    this.#entries.push({ rule, random, calls: 0, hits: 0 });
  }

  /** Forgets the rules (not what {@link failNext} ordered) and starts anew from the seed. */
  clear(seed: number = this.#seed): void {
    this.#seed = seed;
    this.#entries = [];
  }

  list(): FaultReport[] {
    return this.#entries.map(({ rule, calls, hits }) => ({ ...rule, calls, hits }));
  }

  /** The next `count` calls fail, after those ordered before; 0 calls off what was ordered for the operation. */
  failNext(operation: Operation, count: number, fault: Fault): void {
    if (count >= 1) this.#orders.push({ operation, fault, left: count });
    else this.#orders = this.#orders.filter((order) => order.operation !== operation);
  }

  /** @param queue empty when the call is for none */
  decide(operation: Operation, queue: string): Injection | undefined {
    const fault = this.#ordered(operation);
    if (fault !== undefined) {
      const effect = typeof fault === 'string' ? { kind: fault } : { kind: 'error' as const, ...fault };
      return { delay: 0, effect };
    }
    let delay = 0;
    let effect: Injection['effect'];
    for (const entry of this.#entries) {
      const { rule, random } = entry;
      if (!appliesTo(rule, operation, queue)) continue;
      entry.calls += 1;
      // Drawn for every call, struck or not, so that one rule's luck never depends on another's.
      const strikes = random() < (rule.rate ?? 1);
      if (rule.kind === 'latency') {
        const wait = typeof rule.ms === 'number' ? rule.ms : between(random, rule.ms[0], rule.ms[1]);
        if (!strikes || spent(entry)) continue;
        delay += wait;
      } else {
        if (!strikes || spent(entry) || effect !== undefined) continue;
        effect = rule;
      }
      entry.hits += 1;
    }
    return delay === 0 && effect === undefined ? undefined : { delay, effect };
  }

  #ordered(operation: Operation): Fault | undefined {
    const order = this.#orders.find((one) => one.operation === operation);
    if (order === undefined) return undefined;
    order.left -= 1;
    if (order.left < 1) this.#orders = this.#orders.filter((one) => one !== order);
    return order.fault;
  }
}

function spent({ rule, hits }: Entry): boolean {
  return rule.count !== undefined && hits >= rule.count;
}
