/**
 * The judgement of a run, on nothing but ids: what was sent, what each sink has, what is a dead letter. It fails on any
 * loss, on a duplicate at an idempotent sink, on too many of them at one that only appends, on dead letters that nobody
 * planned, and on ids that nobody sent.
 */

/**
 * `idempotent`: no id twice. `appending`: an id again only where its confirmation was cut short, so less than one in-flight
 * window for each kill. `at-least-once`: the receiver drops duplicates by their id, so they are only counted.
 */
export type Keeps = 'idempotent' | 'appending' | 'at-least-once';

export interface SinkContent {
  name: string;
  keeps: Keeps;
  /** Of each event it took, in any order, with repetitions. */
  ids: Iterable<string>;
}

export interface Evidence {
  sent: Iterable<string>;
  sinks: readonly SinkContent[];
  /** Ids of dead letters. */
  dead: Iterable<string>;
  /** Ids that MNS or the store still has: not delivered in time, and not lost. @default none */
  left?: Iterable<string>;
  /** How many dead letters the plan makes. @default 0 */
  deadPlanned?: number;
  /** Messages of one daemon received and not acknowledged, at most. */
  window: number;
  /** Kills of daemons and restarts of the store: each may cost an appending sink less than one window of duplicates. */
  kills: number;
}

export interface SinkVerdict {
  name: string;
  keeps: Keeps;
  /** Different ids. */
  delivered: number;
  duplicates: number;
  /** Fewer than that are allowed; undefined where they are only counted. */
  bound: number | undefined;
  lost: string[];
  /** Ids that nobody sent. */
  foreign: string[];
}

export interface Verdict {
  sent: number;
  /** Sent, and at every sink. */
  delivered: number;
  /** Sent, neither at every sink, nor a dead letter, nor left anywhere. */
  lost: string[];
  /** Sent, not at every sink, and still in MNS or in the store. */
  undelivered: number;
  dead: number;
  sinks: SinkVerdict[];
  /** Why the run has failed, one line each; empty when it has not. */
  problems: string[];
}

export function check(evidence: Evidence): Verdict {
  const { window, kills, deadPlanned = 0 } = evidence;
  const left = new Set(evidence.left);
  const sent = new Set(evidence.sent);
  const dead = new Set(evidence.dead);
  const problems: string[] = [];
  const missing = new Set<string>();
  const sinks = evidence.sinks.map(({ name, keeps, ids }): SinkVerdict => {
    const there = new Set<string>();
    const foreign = new Set<string>();
    let duplicates = 0;
    for (const id of ids) {
      if (there.has(id)) duplicates += 1;
      there.add(id);
      if (!sent.has(id)) foreign.add(id);
    }
    const absent = [...sent].filter((id) => !there.has(id));
    for (const id of absent) missing.add(id);
    const lost = absent.filter((id) => !dead.has(id) && !left.has(id));
    // Without any kill nothing may come twice: fewer than one.
    const bound = { idempotent: 1, appending: Math.max(1, kills * window), 'at-least-once': undefined }[
      keeps
    ];
    if (lost.length > 0) problems.push(`${name}: ${lost.length} of ${sent.size} receipts are lost`);
    if (bound !== undefined && duplicates >= bound)
      problems.push(`${name}: ${duplicates} duplicates, fewer than ${bound} are allowed`);
    if (foreign.size > 0) problems.push(`${name}: ${foreign.size} ids that nobody sent`);
    return { name, keeps, delivered: there.size, duplicates, bound, lost, foreign: [...foreign] };
  });
  if (sent.size === 0) problems.push('nothing was sent');
  if (sinks.length === 0) problems.push('there is no sink');
  if (dead.size > deadPlanned) problems.push(`${dead.size} dead letters, ${deadPlanned} were planned`);
  const lost = [...missing].filter((id) => !dead.has(id) && !left.has(id));
  const undelivered = [...missing].filter((id) => left.has(id)).length;
  if (undelivered > 0) problems.push(`${undelivered} receipts are not delivered yet`);
  const delivered = sent.size - missing.size;
  return { sent: sent.size, delivered, lost, undelivered, dead: dead.size, sinks, problems };
}

/**
 * The ids in the text of an ndjson file. A line that was cut short is none, and neither is what follows the last line
 * break: its writer was killed before it could confirm anything.
 */
export function idsOfLines(text: string): string[] {
  return text.split('\n').slice(0, -1).flatMap(idOfLine);
}

function idOfLine(line: string): string[] {
  try {
    const { id } = JSON.parse(line) as { id?: unknown };
    return typeof id === 'string' ? [id] : [];
  } catch {
    return [];
  }
}
