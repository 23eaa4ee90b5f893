// Takes one message out of the store named by its argument and never finishes it: something to kill.
import { Deliverer, HandOff, openBackend } from '../../dist/pipeline/index.js';
import { QueueStats } from '../../dist/stats.js';

const { config, queueName, lock, jobs } = JSON.parse(process.argv[2]);
const backend = await openBackend(config);
const queue = backend.queue(queueName);
await new HandOff(queue, 5).add(jobs);
let taken = 0;
const stuck = {
  name: 'stuck',
  wants: () => true,
  deliver: () => {
    taken += 1;
    if (taken === jobs.length) process.stdout.write('taken\n');
    return new Promise(() => {});
  },
  close: async () => {},
};
new Deliverer({
  backend,
  queue,
  origin: { mnsHost: 'mns.test', queueName, messageType: 'SmsReport' },
  sinks: [stuck],
  concurrency: jobs.length,
  attempts: 5,
  stats: new QueueStats(),
  onFinished: () => {},
  onDelivered: () => {},
  onDead: () => {},
  onRetry: () => {},
  onError: () => {},
  signal: new AbortController().signal,
  lock,
});
