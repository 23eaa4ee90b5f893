/** The stores that the pipeline's tests run over, each a real one of the test's own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '../../src/config/index.js';
import { type Backend, openBackend, type PipelineConfig } from '../../src/pipeline/index.js';
import { TestPostgres } from '../support/postgres.js';
import { TestRedis } from '../support/redis.js';

/** Something `openBackend` can open, again and again with the same jobs in it. */
export interface Store {
  readonly config: PipelineConfig;
  open(): Promise<Backend>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function embeddedStore(): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'receiptd-store-'));
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
export function pipelineConfig(pipeline: Partial<PipelineConfig>): PipelineConfig {
  const queues = [{ messageType: 'SmsReport', queueName: 'unused' }];
  return parseConfig({ queues, pipeline }).pipeline;
}
