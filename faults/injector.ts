/**
 * Does what the plan says, when it says so. What concerns the same thing happens one after the other: a fault that is due
 * while an earlier one still lasts comes after it. Counts what really happened.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describeFault, type Fault, type Planned } from './plan.js';
import type { Site } from './site.js';

export interface Happened {
  redisRestarts: number;
  redisPauses: number;
  databaseRestarts: number;
  resets: number;
  freezes: number;
  mns: number;
  revocations: number;
  receiver: number;
  diskFull: number;
  clock: number;
}

export class Injector {
  readonly happened: Happened = {
    redisRestarts: 0,
    redisPauses: 0,
    databaseRestarts: 0,
    resets: 0,
    freezes: 0,
    mns: 0,
    revocations: 0,
    receiver: 0,
    diskFull: 0,
    clock: 0,
  };
  /** What could not be done here, one line each. */
  readonly skipped = new Set<string>();
  readonly #site: Site;
  readonly #say: (text: string) => void;
  /** What a fault concerns → the end of the latest one of it. */
  readonly #chains = new Map<string, Promise<void>>();
  readonly #rules = new Set<string>();
  #posting: Promise<void> = Promise.resolve();

  constructor(site: Site, say: (text: string) => void) {
    this.#site = site;
    this.#say = say;
  }

  /** Resolves when all of it has happened and is over. */
  async run(plan: readonly Planned[], signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    for (const fault of plan) {
      await sleep(Math.max(0, fault.at - (performance.now() - startedAt)), undefined, { signal });
      const key = subject(fault);
      const before = this.#chains.get(key) ?? Promise.resolve();
      const then = before.then(() => {
        signal.throwIfAborted();
        this.#say(describeFault(fault));
        return this.#do(fault);
      });
      this.#chains.set(key, then);
      // Told at the end, by the loop below.
      then.catch(() => {});
    }
    await Promise.all(this.#chains.values());
    await this.#site.emulator.configure({ clockOffset: 0 });
    await this.#site.emulator.faults([]);
  }

  async #do(fault: Fault): Promise<void> {
    const site = this.#site;
    const { happened } = this;
    switch (fault.kind) {
      case 'daemon-kill':
        return site.daemons[fault.daemon]?.restart(fault.signal, fault.pause);
      case 'redis-restart':
        happened.redisRestarts += 1;
        await site.redis?.down(fault.signal);
        await sleep(fault.pause);
        return site.redis?.up();
      case 'redis-pause':
        happened.redisPauses += 1;
        return stopped(site.redis?.pid ?? 0, fault.length);
      case 'database-restart':
        happened.databaseRestarts += 1;
        await site.database?.down(fault.signal);
        await sleep(fault.pause);
        return site.database?.up();
      case 'reset':
        happened.resets += 1;
        return site.proxy(fault.daemon, fault.link)?.reset();
      case 'freeze':
        happened.freezes += 1;
        return site.proxy(fault.daemon, fault.link)?.freeze();
      case 'mns':
        happened.mns += 1;
        for (const rule of fault.rules) this.#rules.add(rule);
        await this.#postRules();
        await sleep(fault.length);
        for (const rule of fault.rules) this.#rules.delete(rule);
        return this.#postRules();
      case 'revoke':
        happened.revocations += 1;
        return site.emulator.revokeTokens();
      case 'receiver':
        happened.receiver += 1;
        await site.receiverMode(fault.mode);
        await sleep(fault.length);
        return site.receiverMode(undefined);
      case 'disk-full':
        if (await site.daemons[fault.daemon]?.fillDisk(fault.length)) happened.diskFull += 1;
        else this.skipped.add('disk full: prlimit (util-linux) is needed to limit the size of files');
        return;
      case 'clock':
        happened.clock += 1;
        await site.emulator.configure({ clockOffset: fault.offset });
        await sleep(fault.length);
        return site.emulator.configure({ clockOffset: 0 });
    }
  }

  /** One at a time: each names all rules there are. */
  #postRules(): Promise<void> {
    this.#posting = this.#posting.then(() => this.#site.emulator.faults([...this.#rules]));
    return this.#posting;
  }
}

function subject(fault: Fault): string {
  switch (fault.kind) {
    case 'redis-restart':
    case 'redis-pause':
      return 'redis';
    case 'daemon-kill':
    case 'disk-full':
      return `${fault.kind} ${fault.daemon}`;
    case 'reset':
    case 'freeze':
      return `${fault.link} ${fault.daemon}`;
    case 'mns':
      return `mns ${fault.rules.join()}`;
    default:
      return fault.kind;
  }
}

/** Neither dead nor answering. */
async function stopped(pid: number, length: number): Promise<void> {
  if (pid === 0) return;
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(length);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}
