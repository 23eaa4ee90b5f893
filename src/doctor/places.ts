/** Where this process works: its environment, the directories it writes to, and the port it listens on. */
import { createServer } from 'node:net';
import { Agent, fetch } from 'undici';
import type { Config } from '../config/index.js';
import { type Finding, fail, ok, warn } from '../finding.js';
import { DataDirLock } from '../pipeline/index.js';
import { directoryWritable } from '../writable.js';
import type { Check } from './run-checks.js';

const LEAST_NODE = [20, 19] as const;

export function environmentCheck(env: NodeJS.ProcessEnv): Check {
  return {
    name: 'environment',
    run: async () => {
      const { node } = process.versions;
      const [major = 0, minor = 0] = node.split('.').map(Number);
      if (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]))
        return fail(`Node ${node} is too old`, `install ${LEAST_NODE.join('.')} or newer`);
      if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0')
        return warn(
          'NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked, whoever is in between can read keys and receipts',
          'unset it, and name the authority in NODE_EXTRA_CA_CERTS',
        );
      return ok(`Node ${node} on ${process.platform}-${process.arch}`);
    },
  };
}

export function dataDirCheck({ pipeline: { dataDir } }: Config): Check {
  return {
    name: 'data directory',
    run: async () => {
      const found = await directoryWritable(dataDir);
      const owner = await DataDirLock.owner(dataDir);
      if (owner === undefined) return found;
      const at = owner.opsUrl === '' ? '' : `, ops at ${owner.opsUrl}`;
      return { ...found, found: `${found.found}, in use by receiptd with process id ${owner.pid}${at}` };
    },
  };
}

export function captureCheck({ capture: { dir } }: Config): Check {
  return { name: 'capture', run: () => directoryWritable(dir) };
}

export function opsCheck({ ops: { host, port } }: Config): Check {
  return {
    name: 'ops',
    run: async (signal) => {
      if (port === 0) return ok('any free port is taken');
      const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      const answer = await livez(host, port, signal);
      if (answer === 'receiptd') return ok(`${place} is answered by a running receiptd`);
      return listening(host, port, place);
    },
  };
}

/** A receiptd that listens everywhere is asked here. */
async function livez(host: string, port: number, signal: AbortSignal): Promise<'receiptd' | undefined> {
  const here =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  const agent = new Agent();
  try {
    const response = await fetch(`http://${here}:${port}/livez`, { signal, dispatcher: agent });
    const { live } = (await response.json()) as { live?: unknown };
    return live === true ? 'receiptd' : undefined;
  } catch {
    return undefined;
  } finally {
    void agent.destroy();
  }
}

function listening(host: string, port: number, place: string): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const advice =
        code === 'EADDRINUSE'
          ? 'another program has it: end that, or set another ops.port'
          : code === 'EACCES'
            ? 'ports below 1024 are for privileged users: set another ops.port'
            : 'set ops.host to an address of this machine';
      resolve(fail(`cannot listen on ${place} (${code})`, advice));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(ok(`${place} is free`))));
  });
}
