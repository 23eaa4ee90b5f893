/** The stores that the pipeline's tests run over, each a real one of the test's own. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigInput, parseConfig } from '../../src/config/index.js';
import { type Backend, openBackend, type PipelineConfig } from '../../src/pipeline/index.js';
import { placeEmbeddedStore } from '../support/embedded-store.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';
import { type ClusterOptions, TestCluster } from '../support/redis-cluster.js';
import { MASTER_NAME, TestSentinels } from '../support/redis-sentinel.js';

/** Something `openBackend` can open, again and again with the same jobs in it. */
export interface Store {
  readonly config: PipelineConfig;
  open(): Promise<Backend>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function embeddedStore(): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'receiptd-store-'));
  await placeEmbeddedStore(dataDir);
  const config = pipelineConfig({ backend: 'embedded', dataDir });
  return {
    config,
    open: () => openBackend(config),
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }),
  };
}

export async function redisStore(...settings: string[]): Promise<Store & { server: TestRedis }> {
  const server = await TestRedis.start(...settings);
  const config = pipelineConfig({ backend: 'redis', url: server.url });
  return {
    config,
    server,
    open: () => openBackend(config),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A Redis and a user that may do there what docs/redis.md says, and nothing else. */
export async function leastRightsStore(...without: string[]): Promise<Store & { server: TestRedis }> {
  const rights = leastRights().filter((right) => !without.includes(right));
  const store = await redisStore('--user', 'receiptd', 'on', '>secret-of-user', ...rights);
  const config = {
    ...store.config,
    url: store.config.url.replace('redis://', 'redis://receiptd:secret-of-user@'),
  };
  return { ...store, config, open: () => openBackend(config) };
}

/** The keys and commands of the line in docs/redis.md. */
export function leastRights(): string[] {
  const text = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8');
  const line = /ACL SETUSER receiptd reset on >PASSWORD ([^`]+)```/.exec(text)?.[1] ?? '';
  return line.trim().split(/\s+/);
}

export async function clusterStore(options?: ClusterOptions): Promise<Store & { cluster: TestCluster }> {
  const cluster = await TestCluster.start(options);
  const config = clusterConfig(cluster);
  return {
    config,
    cluster,
    open: () => openBackend(config),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

export function clusterConfig({ url, others }: TestCluster): PipelineConfig {
  return pipelineConfig({ backend: 'redis', url, redis: { topology: 'cluster', nodes: others.slice(0, 2) } });
}

export async function sentinelStore(...settings: string[]): Promise<Store & { sentinels: TestSentinels }> {
  const sentinels = await TestSentinels.start(...settings);
  const config = sentinelConfig(sentinels);
  return {
    config,
    sentinels,
    open: () => openBackend(config),
    [Symbol.asyncDispose]: () => sentinels[Symbol.asyncDispose](),
  };
}

export function sentinelConfig({ url, others }: TestSentinels): PipelineConfig {
  const redis = { topology: 'sentinel', nodes: others, sentinel: { name: MASTER_NAME } } as const;
  return pipelineConfig({ backend: 'redis', url, redis: { ...redis, nodes: [...others] } });
}

export async function postgresStore(...settings: string[]): Promise<Store & { server: TestPostgres }> {
  const server = await TestPostgres.start(...settings);
  const config = pipelineConfig({ backend: 'postgres', url: server.url });
  return {
    config,
    server,
    open: () => openBackend(config),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The pipeline's part of a configuration, with its defaults. */
export function pipelineConfig(pipeline: NonNullable<ConfigInput['pipeline']>): PipelineConfig {
  const queues = [{ messageType: 'SmsReport', queueName: 'unused' }];
  return parseConfig({ queues, pipeline }).pipeline;
}
