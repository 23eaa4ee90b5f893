/** May we in: credentials, a token for each queue, and the queue with that token. Nothing is received or deleted. */
import type { Config, QueueConfig } from '../config/index.js';
import { describeError } from '../errors.js';
import { type Finding, fail, ok, warn } from '../finding.js';
import { MnsAuthError, type MnsCredentials, MnsQueue } from '../mns/index.js';
import { spanOf } from '../span.js';
import { createCredentials, createTokenQuery, type IssuedToken } from '../token/index.js';
import type { Check } from './run-checks.js';

/** Most that one peek shows. */
const PEEK = 16;
/** No message has such a handle. */
const NO_HANDLE = 'receiptd-doctor';

export function accessChecks(config: Config): Check[] {
  const credentials = createCredentials(config.credentials);
  const tokens = new Map<string, IssuedToken>();
  return [
    credentialsCheck(config, credentials),
    ...config.queues.flatMap((queue) => [
      tokenCheck(config, queue, credentials, tokens),
      queueCheck(config, queue, tokens),
    ]),
  ];
}

function credentialsCheck(config: Config, credentials: () => Promise<MnsCredentials>): Check {
  return {
    name: 'credentials',
    run: async () => {
      const { securityToken } = await credentials();
      const from = config.credentials.accessKeyId ? 'the configuration' : 'the default chain';
      return ok(`found in ${from}${securityToken ? ', temporary ones of a role' : ''}`);
    },
  };
}

function tokenCheck(
  { endpoints, region }: Config,
  { messageType, queueName }: QueueConfig,
  credentials: () => Promise<MnsCredentials>,
  tokens: Map<string, IssuedToken>,
): Check {
  const query = createTokenQuery({
    endpoint: endpoints.dybaseapi,
    apiVersion: endpoints.apiVersion,
    region,
    messageType,
    queueName,
    credentials,
  });
  return {
    name: `token ${queueName}`,
    needs: ['credentials', 'dybaseapi'],
    run: async () => {
      const token = await query();
      tokens.set(queueName, token);
      const found = `for ${messageType}, good for ${spanOf(token.life)}`;
      return token.life > 0 ? ok(found) : fail(`for ${messageType}, has expired already`, 'check the clocks');
    },
  };
}

function queueCheck(
  { endpoints }: Config,
  { queueName }: QueueConfig,
  tokens: ReadonlyMap<string, IssuedToken>,
): Check {
  return {
    name: `queue ${queueName}`,
    needs: [`token ${queueName}`, 'mns'],
    run: async (signal) => {
      const credentials = () => {
        const token = tokens.get(queueName);
        if (token === undefined) throw new Error(`no token for ${queueName}`);
        return token;
      };
      const queue = new MnsQueue({ endpoint: endpoints.mns, queueName, connections: 1, credentials });
      try {
        return await lookInto(queue, signal);
      } finally {
        // What is left behind must not keep the answer.
        void queue.close();
      }
    },
  };
}

async function lookInto(queue: MnsQueue, signal: AbortSignal): Promise<Finding> {
  try {
    const messages = await queue.peek({ max: PEEK, signal });
    if (messages.length === 0) return ok('can be read, no message waits');
    const oldest = Math.max(...messages.map(({ waited }) => waited));
    const count = messages.length < PEEK ? `${messages.length}` : `${PEEK} or more`;
    return ok(`can be read, ${count} message(s) wait, one of them for ${spanOf(oldest)}`);
  } catch (error) {
    if (!(error instanceof MnsAuthError && error.accessDenied)) throw error;
    return (await mayDelete(queue, signal))
      ? warn('the token may delete messages and not peek at them, so it is not known whether any wait')
      : fail(describeError(error));
  }
}

/** A token that may use the queue is told that there is no such handle; one of another queue is refused as before. */
async function mayDelete(queue: MnsQueue, signal: AbortSignal): Promise<boolean> {
  try {
    await queue.delete([NO_HANDLE], { signal });
    return true;
  } catch (error) {
    if (error instanceof MnsAuthError) return false;
    throw error;
  }
}
