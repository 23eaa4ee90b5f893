/**
 * Whether the daemon does its work, and if not, why: one line a reason. Also the watchdog: a queue that stopped
 * making progress is not ready even when nothing reports an error. Each role answers for what it does itself.
 */
import type { Role } from '../config/index.js';
import type { QueueStatus, SinkStatus } from './status.js';

/** Beyond the wait of a long poll: room for a slow answer and a pause after an error. */
const POLL_BUDGET_MS = 90_000;
/** Above what the retries of one stubborn event take with the default number of attempts. */
const DELIVERY_BUDGET_MS = 180_000;
/** A delete is answered or given up within 10 s, and tried again within 5. */
const ACK_BUDGET_MS = 120_000;

export interface ReadinessInput {
  /** ms since the epoch */
  now: number;
  role: Role;
  waitSeconds: number;
  maxInFlight: number;
  queues: readonly QueueStatus[];
  sinks: readonly SinkStatus[];
  /** What keeps slices from working. */
  problems: readonly string[];
  /** Set while the daemon starts or stops. */
  phase: 'starting' | 'running' | 'stopping';
}

/** @returns the reasons, none when ready */
export function notReady(input: ReadinessInput): string[] {
  const reasons = [...input.problems];
  if (input.phase === 'stopping') reasons.push('stopping');
  if (input.phase === 'starting' && reasons.length === 0) reasons.push('starting');
  for (const { name, state, problem } of input.sinks) {
    if (state === 'down') reasons.push(`sink ${name} is down, receiving waits until it works: ${problem}`);
  }
  for (const queue of input.queues) {
    const reason = queueProblem(queue, input);
    if (reason !== undefined) reasons.push(`${queue.queueName}: ${reason}`);
  }
  return reasons;
}

function queueProblem(queue: QueueStatus, input: ReadinessInput): string | undefined {
  const { token, lastPollAt, lastDeliveryAt, unacknowledgedSince } = queue;
  const { inFlight, backlog, backlogSince, problem, downSink } = queue;
  if (token.expiresInSeconds === undefined) return token.lastError ?? 'waiting for the first token';
  if (token.expiresInSeconds <= 0) return token.lastError ?? 'the token has expired';
  if (problem !== '') return problem;
  if (unacknowledgedSince > 0 && input.now - unacknowledgedSince > ACK_BUDGET_MS) {
    return `finished messages wait and MNS confirmed no delete for ${seconds(input.now - unacknowledgedSince)}`;
  }
  // It waits on purpose, and its sink has said so.
  if (downSink !== '') return undefined;
  const polls = input.role !== 'deliver';
  const mayPoll = polls && inFlight < input.maxInFlight / 2;
  // Who only polls may find the store full before its first poll: it waits for those that deliver.
  if (lastPollAt === 0 && (mayPoll || input.role === 'all')) return 'MNS has not answered yet';
  const pollBudget = input.waitSeconds * 1000 + POLL_BUDGET_MS;
  if (mayPoll && input.now - lastPollAt > pollBudget) {
    return `no poll has been answered for ${seconds(input.now - lastPollAt)}`;
  }
  const idleSince = Math.max(lastDeliveryAt, backlogSince);
  if (input.role !== 'poll' && backlog > 0 && input.now - idleSince > DELIVERY_BUDGET_MS) {
    return `${backlog} events wait and none was delivered for ${seconds(input.now - idleSince)}`;
  }
  return undefined;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
