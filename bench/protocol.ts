/** Protocol only: how fast each client receives, decodes and deletes, and how many connections it opens for that. */
import { BATCH, type Consumer, consumers } from './clients.js';
import type { EmulatorProcess } from './emulator.js';
import { median } from './median.js';

export interface ProtocolResult {
  client: string;
  concurrency: number;
  /** Messages a second, median of the rounds. */
  rate: number;
  /** TCP connections opened, warm-up included. */
  connections: number;
}

export interface ProtocolOptions {
  emulator: EmulatorProcess;
  queueName: string;
  concurrency: number;
  /** Messages that one client drains in one round: a multiple of 16. */
  messages: number;
  rounds: number;
}

/** The clients take turns, so that whatever else the machine does meets them all; the first turn of each is discarded. */
export async function measureProtocol(options: ProtocolOptions): Promise<ProtocolResult[]> {
  const { emulator, queueName, concurrency, messages, rounds } = options;
  const clients = consumers(emulator.url, queueName, concurrency);
  const results = clients.map(({ name }) => ({ name, rates: [] as number[], connections: 0 }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, client] of clients.entries()) {
      const result = results[index];
      await emulator.generate(queueName, messages);
      const before = (await emulator.stats()).connections;
      const startedAt = performance.now();
      await drain(client, concurrency, messages);
      const seconds = (performance.now() - startedAt) / 1000;
      const after = await emulator.stats();
      if (after.queues[queueName]?.visible !== 0) throw new Error(`${client.name} left messages behind`);
      if (result === undefined) continue;
      result.connections += after.connections - before;
      if (round > 0) result.rates.push(messages / seconds);
    }
  }
  await Promise.all(clients.map((client) => client.close()));
  return results.map(({ name, rates, connections }) => ({
    client: name,
    concurrency,
    rate: median(rates),
    connections,
  }));
}

async function drain(client: Consumer, concurrency: number, messages: number): Promise<void> {
  let unasked = messages;
  const loop = async () => {
    while (unasked > 0) {
      unasked -= BATCH;
      const got = await client.cycle();
      if (got !== BATCH) throw new Error(`${client.name} received ${got} of ${BATCH}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
}
