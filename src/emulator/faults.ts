/** Failures ordered in advance: the next calls of an operation fail, in the order they were asked for. */

/** An error answer with this status and code, a TCP reset, or no answer. None of them has an effect on the queue. */
export type Fault = { status: number; code: string } | 'reset' | 'hang';

interface Plan {
  readonly fault: Fault;
  left: number;
}

export class FaultPlan {
  readonly #plans = new Map<string, Plan[]>();

  /** @param count how many calls fail; 0 calls off what was ordered before */
  add(operation: string, count: number, fault: Fault): void {
    if (count < 1) {
      this.#plans.delete(operation);
      return;
    }
    const plans = this.#plans.get(operation);
    if (plans === undefined) this.#plans.set(operation, [{ fault, left: count }]);
    else plans.push({ fault, left: count });
  }

  take(operation: string): Fault | undefined {
    const plans = this.#plans.get(operation);
    const plan = plans?.[0];
    if (plans === undefined || plan === undefined) return undefined;
    plan.left -= 1;
    if (plan.left === 0) plans.shift();
    if (plans.length === 0) this.#plans.delete(operation);
    return plan.fault;
  }
}
