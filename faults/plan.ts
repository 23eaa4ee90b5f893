/**
 * What goes wrong, and when: follows from the seed and the options alone, so that a run can be made again. Each kind of
 * fault draws from dice of its own: leaving one kind out moves no other. What really happens at a planned moment is a
 * matter of real processes and real time.
 */
import { type Dice, dice, whole } from '../test/support/random.js';

/** Between a daemon and …, through a proxy of that daemon's own. */
export type Link = 'redis' | 'mns' | 'webhook' | 'database';
export const LINKS: readonly Link[] = ['redis', 'mns', 'webhook', 'database'];

/** How the webhook's receiver behaves. */
export interface ReceiverMode {
  /** Share of the requests that meet it. */
  rate: number;
  /** `error` answers with `status` and records nothing; `lost` records and then resets the connection. */
  kind: 'error' | 'slow' | 'hang' | 'lost';
  status?: number;
  /** Seconds, of the header of that name. */
  retryAfter?: number;
  /** ms */
  delay?: number;
}

export type Fault =
  /** ms `pause` until it is started again. */
  | { kind: 'daemon-kill'; signal: 'SIGKILL' | 'SIGTERM'; daemon: number; pause: number }
  | { kind: 'redis-restart'; signal: 'SIGKILL' | 'SIGTERM'; pause: number }
  | { kind: 'redis-pause'; length: number }
  | { kind: 'database-restart'; signal: 'SIGKILL' | 'SIGINT'; pause: number }
  /** Every connection there is gets a TCP reset. */
  | { kind: 'reset'; link: Link; daemon: number }
  /** Every connection there is stays open, and nothing passes any more. */
  | { kind: 'freeze'; link: Link; daemon: number }
  /** Fault rules of the emulator, in the form of its `--fault`. */
  | { kind: 'mns'; rules: readonly string[]; length: number }
  | { kind: 'revoke' }
  | { kind: 'receiver'; mode: ReceiverMode; length: number }
  /** The files of the daemon can grow no more. */
  | { kind: 'disk-full'; daemon: number; length: number }
  /** ms by which the clock of MNS is wrong. */
  | { kind: 'clock'; offset: number; length: number };

export type Planned = Fault & { at: number };

/** What `--only` takes, and the kinds of fault that each stands for. */
export const FAMILIES = {
  kills: ['daemon-kill'],
  redis: ['redis-restart', 'redis-pause'],
  database: ['database-restart'],
  network: ['reset', 'freeze'],
  mns: ['mns'],
  tokens: ['revoke'],
  receiver: ['receiver'],
  disk: ['disk-full'],
  clock: ['clock'],
} as const satisfies Record<string, readonly Fault['kind'][]>;
export type Family = keyof typeof FAMILIES;
export const FAMILY_NAMES = Object.keys(FAMILIES) as readonly Family[];

export interface PlanOptions {
  seed: number;
  /** ms in which faults begin and end, but for what they leave behind. */
  duration: number;
  daemons: number;
  /** How many of each. */
  counts: Counts;
  families: readonly Family[];
  links: readonly Link[];
}

export interface Counts {
  kills: number;
  stops: number;
  redisRestarts: number;
  redisPauses: number;
  databaseRestarts: number;
  /** Of each link. */
  resets: number;
  freezes: number;
  /** How often each kind of trouble with MNS and with the receiver. */
  mns: number;
  receiver: number;
  revocations: number;
  disks: number;
  clocks: number;
  /** ms that trouble with a length lasts, about. */
  length: number;
}

const MNS_TROUBLES: readonly (readonly string[])[] = [
  ['*=error/500/InternalError:0.3'],
  ['*=error/503/ServiceUnavailable'],
  ['BatchReceiveMessage=error/429/TooManyRequests:0.5', 'BatchDeleteMessage=error/429/TooManyRequests:0.5'],
  ['BatchDeleteMessage=hang#4', 'BatchReceiveMessage=hang#2'],
  ['BatchDeleteMessage=half:0.5'],
  ['BatchDeleteMessage=lost:0.3', 'BatchReceiveMessage=lost:0.03'],
  ['*=reset:0.3'],
  ['*=latency/50-1500'],
  ['QueryTokenForMnsQueue=error/503/ServiceUnavailable', 'BatchReceiveMessage=expired-token#2'],
];

const RECEIVER_TROUBLES: readonly ReceiverMode[] = [
  { kind: 'error', rate: 1, status: 503 },
  { kind: 'error', rate: 0.3, status: 500 },
  { kind: 'error', rate: 0.7, status: 429, retryAfter: 1 },
  { kind: 'slow', rate: 1, delay: 1_500 },
  { kind: 'hang', rate: 0.5 },
  { kind: 'lost', rate: 0.3 },
];

/** In order of time. */
export function makePlan(options: PlanOptions): Planned[] {
  const { counts, daemons, duration, families, links, seed } = options;
  const plan: Planned[] = [];
  const spread = (
    kind: Fault['kind'],
    variant: string,
    count: number,
    make: (roll: Dice, n: number) => Fault,
  ) => {
    if (!families.some((family) => (FAMILIES[family] as readonly string[]).includes(kind))) return;
    const roll = dice(seedOf(seed, `${kind} ${variant}`));
    for (let n = 0; n < count; n += 1) {
      const fault = make(roll, n);
      const lasts = 'length' in fault ? fault.length : 'pause' in fault ? fault.pause : 0;
      const slot = Math.max(0, duration - lasts) / count;
      plan.push({ at: Math.round(slot * (n + roll())), ...fault });
    }
  };
  const length = (roll: Dice) => whole(roll, counts.length / 2, counts.length * 1.5);
  const daemon = (roll: Dice) => whole(roll, 0, daemons - 1);
  const pause = (roll: Dice) => whole(roll, 50, 2_000);

  spread('daemon-kill', 'SIGKILL', counts.kills, (roll) => ({
    kind: 'daemon-kill',
    signal: 'SIGKILL',
    daemon: daemon(roll),
    pause: pause(roll),
  }));
  spread('daemon-kill', 'SIGTERM', counts.stops, (roll) => ({
    kind: 'daemon-kill',
    signal: 'SIGTERM',
    daemon: daemon(roll),
    pause: pause(roll),
  }));
  spread('redis-restart', '', counts.redisRestarts, (roll, n) => ({
    kind: 'redis-restart',
    signal: n % 2 === 0 ? 'SIGKILL' : 'SIGTERM',
    pause: whole(roll, 50, 4_000),
  }));
  spread('redis-pause', '', counts.redisPauses, (roll) => ({ kind: 'redis-pause', length: length(roll) }));
  spread('database-restart', '', counts.databaseRestarts, (roll, n) => ({
    kind: 'database-restart',
    signal: n % 2 === 0 ? 'SIGKILL' : 'SIGINT',
    pause: whole(roll, 50, 4_000),
  }));
  for (const link of links) {
    spread('reset', link, counts.resets, (roll) => ({ kind: 'reset', link, daemon: daemon(roll) }));
    spread('freeze', link, counts.freezes, (roll) => ({ kind: 'freeze', link, daemon: daemon(roll) }));
  }
  for (const rules of MNS_TROUBLES)
    spread('mns', rules.join(), counts.mns, (roll) => ({ kind: 'mns', rules, length: length(roll) }));
  spread('revoke', '', counts.revocations, () => ({ kind: 'revoke' }));
  for (const mode of RECEIVER_TROUBLES)
    spread('receiver', JSON.stringify(mode), counts.receiver, (roll) => ({
      kind: 'receiver',
      mode,
      length: length(roll),
    }));
  spread('disk-full', '', counts.disks, (roll) => ({
    kind: 'disk-full',
    daemon: daemon(roll),
    length: length(roll),
  }));
  spread('clock', '', counts.clocks, (roll, n) => ({
    kind: 'clock',
    offset: (n % 2 === 0 ? 1 : -1) * whole(roll, 5_000, 40_000),
    length: length(roll),
  }));
  return plan.toSorted((a, b) => a.at - b.at);
}

/** One line, as it stands in the log of a run. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'daemon-kill':
      return `${fault.signal} to daemon ${fault.daemon + 1}, started again ${fault.pause} ms later`;
    case 'redis-restart':
      return `${fault.signal} to Redis, started again ${fault.pause} ms later`;
    case 'redis-pause':
      return `Redis stands still for ${fault.length} ms`;
    case 'database-restart':
      return `${fault.signal} to the database, started again ${fault.pause} ms later`;
    case 'reset':
      return `TCP reset of daemon ${fault.daemon + 1}'s connections to ${fault.link}`;
    case 'freeze':
      return `daemon ${fault.daemon + 1}'s connections to ${fault.link} are half-open`;
    case 'mns':
      return `MNS for ${fault.length} ms: ${fault.rules.join(', ')}`;
    case 'revoke':
      return 'all tokens revoked';
    case 'receiver':
      return `webhook receiver for ${fault.length} ms: ${JSON.stringify(fault.mode)}`;
    case 'disk-full':
      return `disk full for daemon ${fault.daemon + 1}, for ${fault.length} ms`;
    case 'clock':
      return `clock of MNS ${fault.offset} ms off, for ${fault.length} ms`;
  }
}

/** FNV-1a over both. */
function seedOf(seed: number, name: string): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
