/** `pipeline.redis`: what a URL cannot say of a Redis, several servers that are one and the TLS files of them all. */
import * as z from 'zod';
import { must, oneOf, secretText, text } from './rules.js';
import { tlsFiles } from './tls.js';

// Never repeated in a message: whoever takes it for a URL may have put a password there.
const NODE = { error: 'must be host:port, with no more around it' };
const node = z
  .string({ error: must('be host:port') })
  .regex(/^(\[[\da-f:.]+\]|[^\s:/@,[\]]+):[1-9]\d{0,4}$/i, NODE)
  .refine((address) => Number(/\d+$/.exec(address)) <= 65_535, NODE);

const sentinel = z.strictObject({
  name: text(/^\S*$/, 'be a name without spaces')
    .default('')
    .describe('Name of the group of servers that the Sentinels watch, such as mymaster'),
  username: z
    .string({ error: must('be text') })
    .default('')
    .describe('ACL user on the Sentinels themselves; that on Redis is in pipeline.url'),
  password: secretText().default('').describe('Password on the Sentinels themselves'),
});

export const redis = z.strictObject({
  topology: oneOf(['standalone', 'cluster', 'sentinel'])
    .default('standalone')
    .describe('What pipeline.url leads to: one server, a node of a Redis Cluster, or a Sentinel'),
  nodes: z
    .array(node)
    .max(64, { error: 'must be at most 64' })
    .default([])
    .describe(
      'Further nodes of the Redis Cluster, or further Sentinels, as host:port: asked when the one in pipeline.url is away',
    ),
  sentinel: sentinel.prefault({}).describe('With topology sentinel'),
  tls: tlsFiles('server').prefault({}).describe('With a rediss:// URL'),
});

type RedisKeys = z.output<typeof redis>;

/** What is wrong with these keys, each with its path, beside the other keys of a pipeline whose own values are right. */
export function redisIssues(
  backend: string,
  url: string,
  { topology, nodes, sentinel, tls }: RedisKeys,
): { path: string[]; message: string }[] {
  const issues: { path: string[]; message: string }[] = [];
  const refuse = (message: string, ...path: string[]) => issues.push({ path, message });
  const only = (text: string, ...path: string[]) => refuse(`is only for ${text}`, 'redis', ...path);
  if (backend !== 'redis') {
    if (topology !== 'standalone') only('backend redis', 'topology');
    if (nodes.length > 0) only('backend redis', 'nodes');
    return issues;
  }
  if (topology === 'standalone' && nodes.length > 0) only('topology cluster or sentinel', 'nodes');
  for (const key of ['name', 'username', 'password'] as const)
    if (topology !== 'sentinel' && sentinel[key] !== '') only('topology sentinel', 'sentinel', key);
  if (topology === 'sentinel' && sentinel.name === '')
    refuse('is required with topology sentinel, such as mymaster', 'redis', 'sentinel', 'name');
  if (sentinel.username !== '' && sentinel.password === '')
    refuse('is required with sentinel.username', 'redis', 'sentinel', 'password');
  if (topology === 'cluster' && !/^\/?0?$/.test(new URL(url).pathname))
    refuse('must not name a database, a Redis Cluster has only one', 'url');
  for (const key of ['ca', 'cert'] as const)
    if (tls[key] !== undefined && !url.startsWith('rediss:'))
      refuse('needs a rediss:// URL in pipeline.url', 'redis', 'tls', key);
  return issues;
}
