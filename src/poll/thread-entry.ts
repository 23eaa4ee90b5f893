/** What runs inside a slice's thread: an inline slice, driven by messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { describeError, ReceiptdError, UsageError } from '../errors.js';
import { createLogger } from '../log.js';
import type { RecentQuery } from '../stats.js';
import { inlineSlice } from './inline-slice.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

const SNAPSHOT_EVERY_MS = 500;

const port = parentPort;
if (port === null) throw new Error('this file is the entry point of a worker thread');

const spec = workerData as ThreadData;
const log = createLogger(spec.config.log);
const say = (message: FromThread) => port.postMessage(message);

const slice = inlineSlice(
  spec,
  {
    onBusy: (queueName) => say({ type: 'busy', queueName }),
    onRefused: (queueName, version) => say({ type: 'token-refused', queueName, version }),
    onCrash: () => {},
  },
  log,
  () => {},
);

const report = () => say({ type: 'snapshot', snapshot: slice.snapshot(), problem: slice.problem() });
const reporting = setInterval(report, SNAPSHOT_EVERY_MS);

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'token':
      return slice.setToken(message.queueName, message.token);
    case 'primary':
      return slice.setPrimary(message.queueNames);
    case 'wake':
      return slice.wake(message.queueName);
    case 'reopen':
      return slice.reopen();
    case 'recent':
      return void tellRecent(message.question, message.query);
    case 'abort':
      return slice.abort();
    case 'start':
      return slice.start();
    case 'stop':
      return void stop(message.pollGrace);
  }
});

async function tellRecent(question: number, query: RecentQuery): Promise<void> {
  say({ type: 'recent', question, events: await slice.recent(query) });
}

async function stop(pollGrace?: number): Promise<void> {
  await slice.stop(pollGrace);
  clearInterval(reporting);
  report();
  say({ type: 'stopped' });
}

slice.ready.then(
  () => say({ type: 'ready' }),
  (error: unknown) => {
    const code = error instanceof ReceiptdError ? error.code : 'SLICE';
    say({ type: 'refused-to-open', code, message: describeError(error), usage: error instanceof UsageError });
  },
);
