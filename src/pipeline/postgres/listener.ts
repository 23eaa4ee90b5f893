/**
 * The one connection of a thread on which PostgreSQL tells that there are jobs, for the workers of all its queues. It is
 * opened when the first of them listens and again, after growing pauses, whenever it was lost; one that went silent (a
 * machine that vanished, a firewall that forgot it, a server that hangs) is found out by asking it now and then. Its
 * listeners are told of a loss by an `error`, on which BullMQ listens anew. Without it workers still look by themselves
 * every few seconds.
 */
import { EventEmitter } from 'node:events';
import pg from 'pg';
import { fullJitter, pause } from '../../backoff.js';

const RECONNECT_BASE_MS = 200;
const RECONNECT_CAP_MS = 2_000;
const CHECK_EVERY_MS = 10_000;

export interface Notification {
  channel: string;
  payload?: string | undefined;
}

export class PostgresListener extends EventEmitter<{ notification: [Notification]; error: [Error] }> {
  readonly #config: pg.ClientConfig;
  readonly #checkEvery: number;
  readonly #channels = new Set<string>();
  readonly #closing = new AbortController();
  #client: pg.Client | undefined;
  #connecting: Promise<void> | undefined;

  /** @param config with a `query_timeout`, which is how long an answer may take @param checkEvery ms */
  constructor(config: pg.ClientConfig, checkEvery = CHECK_EVERY_MS) {
    super();
    this.#config = config;
    this.#checkEvery = checkEvery;
    // One for each worker.
    this.setMaxListeners(0);
    this.on('error', () => {});
  }

  /** Waits for the connection, and gives that up after `patience` ms: it is made in the background then. */
  async listen(channel: string, patience: number): Promise<void> {
    if (!/^\w+$/.test(channel)) throw new Error(`not a channel: ${channel}`);
    const known = this.#channels.has(channel);
    this.#channels.add(channel);
    if (this.#client !== undefined) {
      if (known) return;
      await this.#client.query(`LISTEN ${channel}`);
      return;
    }
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    const enough = new AbortController();
    await Promise.race([this.#connecting, pause(patience, enough.signal)]);
    enough.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
    await this.#connecting;
  }

  /** Never rejects: it ends with a connection, or with {@link close}. */
  async #connect(): Promise<void> {
    for (let attempt = 1; !this.#closing.signal.aborted; attempt += 1) {
      const client = new pg.Client(this.#config);
      client.on('notification', ({ channel, payload }) => this.emit('notification', { channel, payload }));
      client.on('error', (error) => this.#lost(client, error));
      try {
        await client.connect();
        for (const channel of this.#channels) await client.query(`LISTEN ${channel}`);
        if (this.#closing.signal.aborted) {
          await client.end();
          return;
        }
        this.#client = client;
        void this.#watch(client);
        return;
      } catch {
        // Whoever asks the store something hears why it is out of reach.
        await client.end().catch(() => {});
        await pause(
          RECONNECT_BASE_MS / 2 + fullJitter(attempt, RECONNECT_BASE_MS, RECONNECT_CAP_MS),
          this.#closing.signal,
        );
      }
    }
  }

  async #watch(client: pg.Client): Promise<void> {
    while (this.#client === client) {
      await pause(this.#checkEvery, this.#closing.signal);
      if (this.#client !== client) return;
      await client.query('SELECT 1').catch((error: Error) => this.#lost(client, error));
    }
  }

  #lost(client: pg.Client, error: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.end().catch(() => {});
    this.emit('error', error);
  }
}
