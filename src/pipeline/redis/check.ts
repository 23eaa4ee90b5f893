/**
 * Whether a Redis can be trusted with receipts, and what is wrong where it cannot: one line that names the key and what to
 * do. Passwords are never told.
 */
import { Cluster, type Redis } from 'ioredis';
import { describeError, ReceiptdError, UsageError } from '../../errors.js';
import { type Address, connected, masters, type RedisClient, type RedisConnector } from './connect.js';
import { checkRights } from './rights.js';

/** ZMSCORE came with it. */
const LEAST_VERSION = [6, 2] as const;
/** Keys that lie in as many slots: no two masters of a cluster have them all. */
const SPREAD_KEYS = 16;

/** What is to be checked, and with what. */
export interface Checked {
  connector: RedisConnector;
  client: RedisClient;
  prefix: string;
}

/**
 * @throws {UsageError} when it may evict keys, is too old, refuses this user, or is not what `topology` says
 * @throws {ReceiptdError} when it cannot be reached
 */
export async function checkRedis(checked: Checked): Promise<void> {
  const { client, prefix } = checked;
  await reached(checked);
  try {
    const nodes = masters(client);
    await Promise.all(nodes.map((node) => checkServer(node, nodes.length > 1)));
    if (client instanceof Cluster) return await checkRightsOf(nodes, prefix);
    await checkStandsAlone(client, prefix);
    await checkRightsOf(nodes, prefix);
  } catch (error) {
    throw error instanceof ReceiptdError ? error : refused(error, checked);
  }
}

/** Resolves when there is a connection. @throws {ReceiptdError} that says why there is none */
export async function reached(checked: Checked): Promise<void> {
  try {
    await connected(checked.client);
  } catch (error) {
    throw await whyNot(checked.connector, error);
  }
}

/** What to call the server in a message, where there are several. */
export function nameOf({ options: { host, port } }: Redis, among: boolean): string {
  return among ? `the Redis at ${host}:${port}` : 'this Redis';
}

async function checkServer(node: Redis, among: boolean): Promise<void> {
  const info = await node.info();
  const name = nameOf(node, among);
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction')
    throw new UsageError(
      'REDIS_EVICTS',
      `pipeline.url: ${name} has maxmemory-policy ${policy} and may drop receipts: set it to noeviction`,
    );
  const version = /^redis_version:(\S+)/m.exec(info)?.[1];
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (
    version !== undefined &&
    (major < LEAST_VERSION[0] || (major === LEAST_VERSION[0] && minor < LEAST_VERSION[1]))
  )
    throw new UsageError(
      'REDIS_VERSION',
      `pipeline.url: ${name} has version ${version}, and receiptd needs ${LEAST_VERSION.join('.')} or later: upgrade it`,
    );
}

/** Of a proxy that says it is a cluster but answers for all of its slots, no more is asked. */
async function checkStandsAlone(client: Redis, prefix: string): Promise<void> {
  const info = await client.info();
  if (/^redis_mode:sentinel/m.test(info))
    throw wrongTopology('this is a Sentinel: set topology: sentinel, and its sentinel.name');
  if (/^role:slave/m.test(info))
    throw new ReceiptdError(
      'REDIS_READ_ONLY',
      'pipeline.url: this Redis is a replica, which takes no writes: give the URL of its master, or topology: sentinel',
    );
  if (!/^cluster_enabled:1/m.test(info)) return;
  const keys = Array.from({ length: SPREAD_KEYS }, (_, index) => `${prefix}:{${index}}`);
  const answers = await Promise.allSettled(keys.map((key) => client.exists(key)));
  if (
    answers.some(
      (answer) => answer.status === 'rejected' && /^(MOVED|CLUSTERDOWN)/.test(answer.reason.message),
    )
  )
    throw wrongTopology('this is a cluster node, set topology: cluster');
}

async function checkRightsOf(nodes: readonly Redis[], prefix: string): Promise<void> {
  // Each node has users of its own.
  await Promise.all(
    nodes.map(async (node) => {
      const own = node.duplicate({ lazyConnect: true, enableOfflineQueue: true, retryStrategy: null });
      own.on('error', () => {});
      try {
        await checkRights(own, prefix);
      } finally {
        own.disconnect();
      }
    }),
  );
}

/** Asks the servers themselves, as a client of several keeps to itself what each of them said. */
async function whyNot(connector: RedisConnector, error: unknown): Promise<ReceiptdError> {
  const { topology, addresses } = connector;
  const [first] = addresses;
  if (topology === 'standalone' || first === undefined) return refusal(error, connector);
  const reasons: unknown[] = [];
  for (const address of addresses) {
    const node = connector.probe(address);
    try {
      if (topology === 'cluster') await checkIsCluster(node, address);
      else await checkIsSentinel(node, address, connector.masterName);
      // This one is as it should be: what it leads to is not there.
      return refusal(error, connector);
    } catch (reason) {
      if (reason instanceof ReceiptdError) return reason;
      reasons.push(reason);
    } finally {
      node.disconnect();
    }
  }
  return refusal(reasons[0], connector, topology === 'sentinel' ? 'Sentinel' : 'Redis');
}

/** Rejects with why there is no connection; what `connect` itself says is only that it is closed. */
async function opened(node: Redis): Promise<void> {
  node.connect().catch(() => {});
  await connected(node);
}

async function checkIsCluster(node: Redis, { host, port }: Address): Promise<void> {
  await opened(node);
  const info = await node.info();
  if (/^redis_mode:sentinel/m.test(info))
    throw wrongTopology(`${host}:${port} is a Sentinel: set topology: sentinel, and its sentinel.name`);
  if (/^cluster_enabled:0/m.test(info))
    throw wrongTopology(`${host}:${port} is no node of a Redis Cluster: set topology: standalone`);
  const state = /^cluster_state:(\S+)/m.exec(String(await node.cluster('INFO')))?.[1];
  if (state === 'fail')
    throw new ReceiptdError(
      'REDIS_CLUSTER_DOWN',
      `pipeline.url: ${host}:${port} says that its cluster is down (cluster_state:fail): see redis-cli --cluster check`,
    );
}

async function checkIsSentinel(node: Redis, { host, port }: Address, name: string): Promise<void> {
  await opened(node);
  const info = await node.info().catch(() => '');
  const mode = /^redis_mode:(\S+)/m.exec(info)?.[1];
  if (mode !== undefined && mode !== 'sentinel')
    throw wrongTopology(
      `${host}:${port} is no Sentinel: set topology: ${mode}, or name a Sentinel in pipeline.url`,
    );
  if ((await node.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)) !== null) return;
  const known = await node.call('SENTINEL', 'MASTERS').then(namesOf, () => []);
  throw new UsageError(
    'REDIS_SENTINEL_NAME',
    `pipeline.redis.sentinel.name: the Sentinel at ${host}:${port} watches no ${JSON.stringify(name)}${known.length > 0 ? `, only ${known.join(', ')}` : ''}`,
  );
}

function namesOf(answer: unknown): string[] {
  if (!Array.isArray(answer)) return [];
  return answer.flatMap((master: unknown) => {
    if (!Array.isArray(master)) return [];
    const name: unknown = master[master.indexOf('name') + 1];
    return typeof name === 'string' ? [name] : [];
  });
}

function wrongTopology(what: string): UsageError {
  return new UsageError('REDIS_TOPOLOGY', `pipeline.redis.topology: ${what}`);
}

/** How TLS fails: by what Node says of certificates, and OpenSSL of the rest. */
const TLS_TROUBLE = /certificate|self.signed|altname|\bSSL\b|\bTLS|EPROTO/i;
/** How a server that speaks TLS answers whoever does not, or comes without the certificate that it asks for. */
const HANGS_UP = /ECONNRESET|EPIPE|Connection is closed|connection was closed/;

/** The line for a call that failed. */
export function refused(error: unknown, { connector }: Checked): ReceiptdError {
  return refusal(error, connector);
}

function refusal(error: unknown, connector: RedisConnector, kind = 'Redis'): ReceiptdError {
  const where = `${kind} at ${connector.addresses.map(({ host, port }) => `${host}:${port}`).join(', ')}`;
  // Of OpenSSL's errors, only the part for people.
  const text = describeError(error).replace(/^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):.*/, '$1');
  const { code } = error as { code?: unknown };
  if (/WRONGPASS|NOAUTH/.test(text)) {
    const key = kind === 'Redis' ? 'pipeline.url' : 'pipeline.redis.sentinel.password';
    return new UsageError('REDIS_AUTH', `${key}: ${where} refuses the login: ${text}`);
  }
  if (/NOPERM/.test(text))
    return new UsageError(
      'REDIS_RIGHTS',
      `pipeline.url: ${where} refuses what receiptd needs: ${text}; docs/redis.md has the least that an ACL user needs`,
    );
  if (TLS_TROUBLE.test(text) || TLS_TROUBLE.test(String(code)))
    return new UsageError(
      'REDIS_TLS',
      `pipeline.redis.tls: no trusted connection to ${where}: ${text}: see ca, cert, key and verify there`,
      { cause: error },
    );
  return new ReceiptdError(
    'REDIS_UNREACHABLE',
    `pipeline.url: no ${where} (${text}): start it, or correct pipeline.url${hint(text, connector.tls)}`,
    { cause: error },
  );
}

function hint(text: string, tls: boolean): string {
  if (HANGS_UP.test(text))
    return tls
      ? ', or name the certificate it may ask for (pipeline.redis.tls.cert)'
      : ', which needs rediss:// if it speaks TLS';
  return tls && /ETIMEDOUT/.test(text) ? ', which needs redis:// if it speaks no TLS' : '';
}
