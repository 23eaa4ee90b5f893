/** The data directory of the embedded store: one receiptd has it, and tells others who it is and where its ops HTTP is. */
import { DirInUseError, DirLock, type OwnerRecord } from '../../dir-lock.js';
import { ReceiptdError, UsageError } from '../../errors.js';

/** What an owner tells of itself. */
export interface DataDirOwner {
  /** 0 when the owner does not say. */
  pid: number;
  /** Base URL of its ops HTTP; empty while that is not up. */
  opsUrl: string;
}

export class DataDirInUseError extends ReceiptdError {
  readonly owner: DataDirOwner;

  constructor(dataDir: string, owner: DataDirOwner, options?: ErrorOptions) {
    const who = owner.pid === 0 ? 'another receiptd' : `receiptd with process id ${owner.pid}`;
    super('DATA_DIR_IN_USE', `pipeline.dataDir: ${dataDir} is in use by ${who}`, options);
    this.owner = owner;
  }
}

const NAME = 'receiptd';

export class DataDirLock {
  readonly #lock: DirLock;
  readonly #self: DataDirOwner;

  private constructor(lock: DirLock, self: DataDirOwner) {
    this.#lock = lock;
    this.#self = self;
  }

  /**
   * Makes the directory if need be, and takes it.
   * @throws {DataDirInUseError} when a living process has it.
   * @throws {UsageError} when it cannot be made or written.
   */
  static async take(dataDir: string): Promise<DataDirLock> {
    const self: DataDirOwner = { pid: process.pid, opsUrl: '' };
    try {
      return new DataDirLock(await DirLock.take(dataDir, NAME, () => ({ ...self })), self);
    } catch (cause) {
      if (cause instanceof DirInUseError) {
        throw new DataDirInUseError(dataDir, ownerOf(cause.owner), { cause });
      }
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      const advice = 'check the path and its permissions';
      throw new UsageError('DATA_DIR', `pipeline.dataDir: ${dataDir} cannot be used (${code}): ${advice}`, {
        cause,
      });
    }
  }

  /** Who has the directory, or nobody. */
  static async owner(dataDir: string): Promise<DataDirOwner | undefined> {
    const owner = await DirLock.owner(dataDir, NAME);
    return owner && ownerOf(owner);
  }

  /** Tells those who ask where this process can be reached. */
  announce(opsUrl: string): void {
    this.#self.opsUrl = opsUrl;
  }

  release(): Promise<void> {
    return this.#lock.release();
  }
}

function ownerOf({ pid, opsUrl }: OwnerRecord): DataDirOwner {
  return { pid: typeof pid === 'number' ? pid : 0, opsUrl: typeof opsUrl === 'string' ? opsUrl : '' };
}
