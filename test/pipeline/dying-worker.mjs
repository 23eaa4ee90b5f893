// Takes three messages out of the store named by its argument, and dies when each is at another point of its way.
import { Deliverer, HandOff, openBackend } from '../../dist/pipeline/index.js';
import { QueueStats } from '../../dist/stats.js';

const { config, queueName, lock, jobs } = JSON.parse(process.argv[2]);
const backend = await openBackend(config);
const queue = backend.queue(queueName);
const marks = backend.marks(queueName);
let arrived = 0;
/** Never resolves. */
const arrive = () => {
  arrived += 1;
  if (arrived === jobs.length) {
    process.stdout.write('dying\n');
    process.kill(process.pid, 'SIGKILL');
  }
  return new Promise(() => {});
};
await new HandOff(queue, 5, { marks }).add(jobs);
new Deliverer({
  backend,
  queue,
  origin: { mnsHost: 'mns.test', queueName, messageType: 'SmsReport' },
  sinks: [
    {
      name: 'sink',
      wants: () => true,
      deliver: async ({ id }) => id === 'confirmed-1' && arrive(),
      close: async () => {},
    },
  ],
  marks: {
    has: (messageId) => marks.has(messageId),
    add: async (messageId) => {
      await marks.add(messageId);
      if (messageId === 'marked-1') await arrive();
    },
  },
  concurrency: jobs.length,
  attempts: 5,
  stats: new QueueStats(),
  onFinished: () => void arrive(),
  onDelivered: () => {},
  onDead: () => {},
  onRetry: () => {},
  onError: () => {},
  signal: new AbortController().signal,
  lock,
});
