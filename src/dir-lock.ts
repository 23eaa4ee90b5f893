/**
 * One owner for a directory. The owner listens on a socket inside it: the kernel closes that when the process dies,
 * however it dies, so a lock can never be stale and needs no process id that another process may have by now; and
 * whoever is refused can ask the owner who it is. The socket is seen by every process on this machine that sees the
 * directory, in whatever container.
 */
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, rmSync, statSync } from 'node:fs';
import { mkdir, realpath } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from './backoff.js';

/** What an owner tells of itself; other programs may have other ideas of it, so nothing in it is sure. */
export type OwnerRecord = Readonly<Record<string, unknown>>;

/** A living process has the directory. For the caller to put into words. */
export class DirInUseError extends Error {
  /** Empty when the owner did not say. */
  readonly owner: OwnerRecord;

  constructor(owner: OwnerRecord) {
    super('the directory is in use');
    this.owner = owner;
  }
}

/** Longest path that every platform takes for a socket. */
const SOCKET_PATH_MAX = 96;
/** Longer than the moment between finding a socket dead and removing it. */
const TAKEOVER_SETTLES_MS = 100;
/** An owner that does not answer within this time is there all the same. */
const ANSWER_MS = 1_000;
/** Characters; nobody has more to tell. */
const ANSWER_MAX = 65_536;

export class DirLock {
  readonly #server: Server;
  /** Where the lock is. */
  readonly #path: string;
  /** What the socket is, wherever it is linked. */
  readonly #made: string;

  private constructor(server: Server, path: string, made: string) {
    this.#server = server;
    this.#path = path;
    this.#made = made;
  }

  /**
   * Makes the directory if need be, and takes it.
   * @param name tells the locks of different programs on one directory apart: `NAME.sock`
   * @param self what to tell those who ask, asked for anew each time; JSON
   * @throws {DirInUseError} when a living process has it
   * @throws {NodeJS.ErrnoException} when it cannot be made or written
   */
  static async take(directory: string, name: string, self: () => OwnerRecord): Promise<DirLock> {
    await mkdir(directory, { recursive: true, mode: 0o750 });
    const path = await socketPath(directory, name);
    // Listens under a name of its own first, so that what appears at the path answers at once.
    const own = `${path}.${randomBytes(3).toString('hex')}`;
    const server = createServer((socket) => tell(socket, self())).unref();
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(own, resolve);
      });
      const lock = new DirLock(server, path, identityOf(own));
      for (;;) {
        const found = identityOf(path);
        if (linked(own, path)) {
          await pause(TAKEOVER_SETTLES_MS);
          // Another process may have taken what this one had just put there for the dead socket that was there before.
          if (lock.#holds()) return lock;
        }
        const owner = await askOwner(path);
        if (owner !== undefined) throw new DirInUseError(owner);
        // Nobody answers: the file was left by a process that died. Another that found it too may have put its own
        // there meanwhile; nothing runs between this look and the removal.
        if (found === identityOf(path)) rmSync(path, { force: true });
      }
    } catch (error) {
      server.close();
      throw error;
    } finally {
      rmSync(own, { force: true });
    }
  }

  /** What the owner tells, empty when it does not; undefined when nobody has the directory. */
  static async owner(directory: string, name: string): Promise<OwnerRecord | undefined> {
    return askOwner(await socketPath(directory, name));
  }

  async release(): Promise<void> {
    if (this.#holds()) rmSync(this.#path, { force: true });
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #holds(): boolean {
    return identityOf(this.#path) === this.#made;
  }
}

async function socketPath(directory: string, name: string): Promise<string> {
  const inside = join(directory, `${name}.sock`);
  if (Buffer.byteLength(inside) <= SOCKET_PATH_MAX) return inside;
  const real = await realpath(directory).catch(() => directory);
  return join(tmpdir(), `${name}-${createHash('sha256').update(real).digest('hex').slice(0, 16)}.sock`);
}

/** Tells a file from another at the same path; empty when there is none. */
function identityOf(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs}`;
}

/** Puts a file at another path too, whole and only if nothing is there. @returns false when something is */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whoever asks and never hangs up must not keep the owner from ending. */
function tell(socket: Socket, self: OwnerRecord): void {
  socket.on('error', () => {});
  socket.setTimeout(ANSWER_MS, () => socket.destroy());
  socket.end(JSON.stringify(self));
}

/** @returns nobody only when the kernel says that no process has the socket open */
function askOwner(path: string): Promise<OwnerRecord | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.length > ANSWER_MAX) socket.destroy();
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ENOENT' || code === 'ECONNREFUSED') resolve(undefined);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(recordOf(answer));
    });
  });
}

function recordOf(answer: string): OwnerRecord {
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === 'object' && value !== null ? (value as OwnerRecord) : {};
  } catch {
    return {};
  }
}
