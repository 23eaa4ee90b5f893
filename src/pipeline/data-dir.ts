/**
 * One owner for a data directory. The owner listens on a socket inside it: the kernel closes that when the process
 * dies, however it dies, so a lock can never be stale, and whoever is refused can ask the owner who it is. The
 * socket is seen by every process on this machine that sees the directory, in whatever container.
 */
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, rmSync, statSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../backoff.js';
import { ReceiptdError, UsageError } from '../errors.js';

/** What an owner tells of itself. */
export interface DataDirOwner {
  pid: number;
  /** Base URL of its ops HTTP; empty while that is not up. */
  opsUrl: string;
}

export class DataDirInUseError extends ReceiptdError {
  readonly owner: DataDirOwner;

  constructor(dataDir: string, owner: DataDirOwner) {
    super(
      'DATA_DIR_IN_USE',
      `pipeline.dataDir: ${dataDir} is in use by receiptd with process id ${owner.pid}`,
    );
    this.owner = owner;
  }
}

/** Longest path that every platform takes for a socket. */
const SOCKET_PATH_MAX = 96;
const NOBODY: DataDirOwner = { pid: 0, opsUrl: '' };
/** Longer than the moment between finding a socket dead and removing it. */
const TAKEOVER_SETTLES_MS = 100;
/** An owner that does not answer within this time is there all the same. */
const ANSWER_MS = 1_000;

export class DataDirLock {
  readonly #server: Server;
  /** Where the lock is. */
  #path = '';
  /** Where this socket was made; gone once the lock is taken. */
  #own = '';
  /** What the socket is, wherever it is linked. */
  #made = '';
  readonly #self = { pid: process.pid, opsUrl: '' };

  private constructor() {
    this.#server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(JSON.stringify(this.#self));
    });
    this.#server.unref();
  }

  /**
   * Makes the directory if need be, and takes it.
   * @throws {DataDirInUseError} when a living process has it.
   * @throws {UsageError} when it cannot be made or written.
   */
  static async take(dataDir: string): Promise<DataDirLock> {
    const lock = new DataDirLock();
    try {
      await mkdir(dataDir, { recursive: true, mode: 0o750 });
      const path = await socketPath(dataDir);
      await lock.#open(path);
      for (;;) {
        const found = identityOf(path);
        if (lock.#claim()) {
          await pause(TAKEOVER_SETTLES_MS);
          // Another process may have taken what this one had just put there for the dead socket that was there before.
          if (lock.#holds()) return lock;
        }
        const owner = await askOwner(path);
        if (owner !== undefined) throw new DataDirInUseError(dataDir, owner);
        // Nobody answers: the file was left by a process that died. Another that found it too may have put its own
        // there meanwhile; nothing runs between this look and the removal.
        if (found === identityOf(path)) rmSync(path, { force: true });
      }
    } catch (error) {
      lock.#server.close();
      if (error instanceof ReceiptdError) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      const advice = 'check the path and its permissions';
      throw new UsageError('DATA_DIR', `pipeline.dataDir: ${dataDir} cannot be used (${code}): ${advice}`, {
        cause: error,
      });
    } finally {
      rmSync(lock.#own, { force: true });
    }
  }

  /** Who has the directory, or nobody. */
  static async owner(dataDir: string): Promise<DataDirOwner | undefined> {
    return askOwner(await socketPath(dataDir));
  }

  /** Tells those who ask where this process can be reached. */
  announce(opsUrl: string): void {
    this.#self.opsUrl = opsUrl;
  }

  async release(): Promise<void> {
    if (this.#holds()) rmSync(this.#path, { force: true });
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Listens under a name of its own, so that what appears at the path answers at once. */
  #open(path: string): Promise<void> {
    this.#path = path;
    this.#own = `${path}.${randomBytes(3).toString('hex')}`;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#own, () => {
        this.#made = identityOf(this.#own);
        resolve();
      });
    });
  }

  /** Puts the listening socket at the path, whole and only if nothing is there. @returns false when something is */
  #claim(): boolean {
    try {
      linkSync(this.#own, this.#path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  #holds(): boolean {
    return identityOf(this.#path) === this.#made;
  }
}

async function socketPath(dataDir: string): Promise<string> {
  const inside = join(dataDir, 'receiptd.sock');
  if (Buffer.byteLength(inside) <= SOCKET_PATH_MAX) return inside;
  const real = await realpath(dataDir).catch(() => dataDir);
  return join(tmpdir(), `receiptd-${createHash('sha256').update(real).digest('hex').slice(0, 16)}.sock`);
}

/** Tells a file from another at the same path; empty when there is none. */
function identityOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs}`;
}

/** @returns nobody only when the kernel says that no process has the socket open */
function askOwner(path: string): Promise<DataDirOwner | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(undefined);
    });
    socket.on('close', () => {
      try {
        resolve(JSON.parse(answer) as DataDirOwner);
      } catch {
        resolve(NOBODY);
      }
    });
  });
}
