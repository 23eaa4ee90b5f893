import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Config, configJsonSchema, loadConfig, parseConfig, redact } from '../../src/config/index.js';
import { configKeys, type JsonSchema } from '../../src/config/keys.js';

const queues = [{ messageType: 'SmsReport', queueName: 'Alicom-Queue-REPLACE-ME-SmsReport' }];

describe('redact', () => {
  const config = parseConfig({
    queues,
    credentials: { accessKeyId: 'LTAIhunter2', accessKeySecret: 'hunter2', securityToken: 'hunter2' },
    pipeline: { backend: 'redis', url: 'rediss://user:hunter2@host:6380/1?password=hunter2&db=2' },
    ops: { token: 'hunter2hunter2hunter2' },
  });

  it('hides secrets and nothing else', () => {
    expect(JSON.stringify(redact(config))).not.toContain('hunter2');
    expect(redact(config)).toEqual({
      ...config,
      credentials: { accessKeyId: '***', accessKeySecret: '***', securityToken: '***' },
      pipeline: { ...config.pipeline, url: 'rediss://user:***@host:6380/1?password=***&db=2' },
      ops: { ...config.ops, token: '***' },
    });
    expect(config.ops.token).toBe('hunter2hunter2hunter2');
  });

  it('hides the password of Sentinels', () => {
    const redis = {
      topology: 'sentinel' as const,
      nodes: ['s2:26379'],
      sentinel: { name: 'mymaster', username: 'ann', password: 'hunter2' },
    };
    const pipeline = { backend: 'redis' as const, url: 'redis://:hunter2@s1:26379', redis };
    const printed = redact(parseConfig({ queues, pipeline })).pipeline;
    expect(printed).toMatchObject({
      url: 'redis://:***@s1:26379',
      redis: { nodes: ['s2:26379'], sentinel: { name: 'mymaster', username: 'ann', password: '***' } },
    });
  });

  it.each([
    [
      'webhook',
      'https://h.test/x?key=hunter2&sslmode=a&e=#hunter2',
      'https://h.test/x?key=***&sslmode=a&e=#***',
    ],
    ['webhook', 'https://h.test/x?hunter2', 'https://h.test/x?***'],
    ['webhook', 'https://h.test/x?a=1&a=hunter2=hunter2', 'https://h.test/x?a=***&a=***'],
    ['webhook', 'https://hunter2@h.test/x', 'https://***@h.test/x'],
    ['webhook', 'https://user:hunter2@h.test/x', 'https://user:***@h.test/x'],
    ['webhook', 'https://h.test', 'https://h.test'],
    ['sql', 'mysql://u:hunter2@h/d?ssl={"key":"hunter2"}', 'mysql://u:***@h/d?ssl=***'],
    ['sql', 'mysql://u@h/d?ssl=%7B%22key%22:%22hunter2%22%7D', 'mysql://u@h/d?ssl=***'],
    [
      'sql',
      'postgres://u:hunter2@h/d?sslmode=verify-full&sslrootcert=/ca.pem&password=hunter2&application_name=r',
      'postgres://u:***@h/d?sslmode=verify-full&sslrootcert=/ca.pem&password=***&application_name=r',
    ],
    ['sql', 'postgres://u@h/d?sslkey=k.pem', 'postgres://u@h/d?sslkey=k.pem'],
  ] as const)('of the url of a %s sink, %s', (type, url, printed) => {
    const { sinks } = redact(parseConfig({ queues, sinks: [{ type, url }] }));
    expect(sinks).toMatchObject([{ url: printed }]);
    expect(JSON.stringify(sinks)).not.toContain('hunter2');
  });

  it('leaves what is not set as it is', () => {
    const plain = parseConfig({ queues });
    expect(redact(plain)).toEqual(plain);
  });

  it('knows secret-like keys that are still to come', () => {
    const later = {
      ...config,
      sinks: [{ type: 'webhook', secret: 'a', headers: { apiKey: 'b' } }],
    } as unknown as Config;
    expect(redact(later).sinks).toEqual([{ type: 'webhook', secret: '***', headers: { apiKey: '***' } }]);
  });
});

describe('config/receiptd.yaml', () => {
  const file = new URL('../../config/receiptd.yaml', import.meta.url).pathname;
  const text = readFileSync(file, 'utf8');
  // Prose has a space after the #, a key that is switched off has none.
  const full: unknown = parse(text.replace(/^( *)#(?=[^ \n])/gm, '$1'));

  it('loads as it is, as all defaults', () => {
    expect(loadConfig({ file, env: {}, cwd: '/' }).config).toEqual(parseConfig({ queues }));
  });

  it('shows every key, with its default', () => {
    expect(leaves(full)).toEqual(configKeys.map(({ path }) => path.join('.')).sort());
    expect(parseConfig(full as { queues: typeof queues })).toEqual(parseConfig({ queues }));
  });

  it('has prose for each key in the schema', () => {
    for (const { path, schema } of configKeys) expect(schema.description, path.join('.')).toMatch(/\w/);
  });
});

describe('the JSON Schema', () => {
  it('has every key with prose, defaults, units and secrets', () => {
    expect(configJsonSchema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      required: ['queues'],
      additionalProperties: false,
    });
    const at = (name: string): JsonSchema | undefined =>
      configKeys.find(({ path }) => path.join('.') === name)?.schema;
    expect(at('poll.waitSeconds')).toMatchObject({
      type: 'integer',
      default: 30,
      minimum: 0,
      maximum: 30,
      unit: 's',
    });
    expect(at('shutdown.timeout')).toMatchObject({ default: 25000, unit: 'ms' });
    expect(at('pipeline.backend')).toMatchObject({
      enum: ['embedded', 'redis', 'postgres'],
      default: 'embedded',
    });
    expect(at('sinks')).toMatchObject({ type: 'array', default: [{ type: 'ndjson', path: '-' }] });
    for (const secret of [
      'credentials.accessKeyId',
      'credentials.accessKeySecret',
      'credentials.securityToken',
      'ops.token',
      'pipeline.redis.sentinel.password',
    ])
      expect(at(secret), secret).toMatchObject({ writeOnly: true });
  });
});

/** Paths of all values, lists and empty mappings counting as one. */
function leaves(value: unknown, path: string[] = []): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path.join('.')];
  if (Object.keys(value).length === 0) return [path.join('.')];
  return Object.entries(value)
    .flatMap(([key, child]) => leaves(child, [...path, key]))
    .sort();
}
