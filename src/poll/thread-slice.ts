/** A slice in a worker thread of its own. */
import { Worker } from 'node:worker_threads';
import { ReceiptdError, UsageError } from '../errors.js';
import type { RecentEvent } from '../stats.js';
import type { SliceEvents, SliceHandle, SliceSpec } from './handle.js';
import { Questions } from './questions.js';
import type { SliceSnapshot } from './slice.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

/** A thread that has not answered by then is busy with something else, or hangs. */
const ANSWER_MS = 2_000;

export function threadSlice(spec: SliceSpec, events: SliceEvents): SliceHandle {
  const workerData: ThreadData = spec;
  const worker = new Worker(new URL('./thread-entry.js', import.meta.url), {
    workerData,
    name: `slice ${spec.index}`,
  });
  const tell = (message: ToThread) => worker.postMessage(message);
  const questions = new Questions<readonly RecentEvent[]>(ANSWER_MS, []);
  let snapshot: SliceSnapshot = { queues: {}, sinks: [] };
  let problem = '';
  let crash: Error | undefined;
  let stopping = false;
  let exited: () => void = () => {};
  const exit = new Promise<void>((resolve) => {
    exited = resolve;
  });
  let opened: () => void = () => {};
  let refused: (error: Error) => void = () => {};
  const ready = new Promise<void>((resolve, reject) => {
    opened = resolve;
    refused = reject;
  });

  worker.on('message', (message: FromThread) => {
    switch (message.type) {
      case 'ready':
        return opened();
      case 'refused-to-open': {
        const Kind = message.usage ? UsageError : ReceiptdError;
        return refused(new Kind(message.code, message.message));
      }
      case 'snapshot':
        snapshot = message.snapshot;
        problem = message.problem;
        return;
      case 'recent':
        return questions.answer(message.question, message.events);
      case 'busy':
        return events.onBusy(message.queueName);
      case 'token-refused':
        return events.onRefused(message.queueName, message.version);
      case 'stopped':
        // Everything of ours is closed; what a user's module holds open (a pool, an interval) would keep the thread.
        void worker.terminate();
        return;
    }
  });
  worker.on('error', (error) => {
    crash = error instanceof Error ? error : new Error(String(error));
  });
  worker.on('exit', (code) => {
    const error = crash ?? new Error(`the thread exited with ${code}`);
    refused(error);
    exited();
    questions.close();
    if (!stopping) events.onCrash(error);
  });

  return {
    ready,
    setToken: (queueName, token) => tell({ type: 'token', queueName, token }),
    setPrimary: (queueNames) => tell({ type: 'primary', queueNames }),
    wake: (queueName) => tell({ type: 'wake', queueName }),
    reopen: () => tell({ type: 'reopen' }),
    start: () => tell({ type: 'start' }),
    stop: async (pollGrace) => {
      stopping = true;
      tell({ type: 'stop', pollGrace });
      await exit;
    },
    abort: () => tell({ type: 'abort' }),
    kill: () => void worker.terminate(),
    snapshot: () => snapshot,
    recent: async (query) => [
      ...(await questions.ask((question) => tell({ type: 'recent', question, query }))),
    ],
    problem: () => problem,
  };
}
