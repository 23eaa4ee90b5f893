/** What is in the store at the end, looked at directly. Only of Redis. */
import { Redis } from 'ioredis';
import type { Site } from './site.js';

/** Of that many lost receipts it is told what is known. */
const TOLD = 5;
const PREFIX = 'receiptd';

/** Undefined without Redis. */
export async function keysIn(site: Site): Promise<number | undefined> {
  return ask(site, (client) => client.dbsize());
}

/** A line about each of some ids, which MNS has no longer. */
export async function jobsOf(site: Site, ids: readonly string[]): Promise<string[]> {
  const some = ids.slice(0, TOLD);
  const jobs = await ask(site, (client) =>
    Promise.all(some.map((id) => client.hgetall(`${PREFIX}:{${site.emulator.queueName}}:${id}`))),
  );
  return some.map((id, n) => {
    const job = jobs?.[n];
    const known = job === undefined || Object.keys(job).length === 0 ? 'no job of it' : JSON.stringify(job);
    return `lost: ${id}; not in MNS; ${jobs === undefined ? 'store not looked into' : `in Redis: ${known}`}`;
  });
}

/** Ids of the messages whose jobs are not finished: late, and not lost. */
export async function unfinishedIn(site: Site): Promise<string[]> {
  const key = (state: string) => `${PREFIX}:{${site.emulator.queueName}}:${state}`;
  const ids = await ask(site, (client) =>
    Promise.all([
      client.lrange(key('wait'), 0, -1),
      client.lrange(key('active'), 0, -1),
      client.zrange(key('delayed'), '0', '-1'),
    ]),
  );
  return (ids ?? []).flat();
}

async function ask<T>({ redis }: Site, question: (client: Redis) => Promise<T>): Promise<T | undefined> {
  if (redis === undefined) return undefined;
  const client = new Redis(redis.url);
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}
