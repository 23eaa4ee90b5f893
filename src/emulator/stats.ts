/** What the emulator has been asked so far, for tests that count requests and for the admin API. */
export interface EmulatorStats {
  /** Requests to MNS and dybaseapi together; those of the admin API are not counted. */
  requests: number;
  /** By operation, faulted and refused ones included. */
  operations: Record<string, number>;
  /** Tokens issued. */
  tokens: number;
  /** TCP connections accepted. */
  connections: number;
  /** Receives that wait now. */
  openLongPolls: number;
}

export class Counters {
  requests = 0;
  tokens = 0;
  connections = 0;
  readonly #operations = new Map<string, number>();

  count(operation: string): void {
    this.#operations.set(operation, (this.#operations.get(operation) ?? 0) + 1);
  }

  snapshot(openLongPolls: number): EmulatorStats {
    const { requests, tokens, connections } = this;
    return { requests, operations: Object.fromEntries(this.#operations), tokens, connections, openLongPolls };
  }
}
