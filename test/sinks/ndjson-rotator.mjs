// Appends events to a file that is put aside again and again, in several threads, as many at a time as are in flight.
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { NdjsonSink } from '../../dist/sinks/ndjson/ndjson.js';
import { record } from './ndjson-record.mjs';

if (isMainThread) {
  const { threads, ...input } = JSON.parse(process.argv[2]);
  for (let index = 0; index < threads; index += 1) {
    const workerData = { ...input, from: `${input.from}-${index}` };
    new Worker(new URL(import.meta.url), { workerData });
  }
} else {
  const { from, count, padding, ...options } = workerData;
  const sink = await NdjsonSink.open({ name: 'ndjson', wants: () => true, ...options });
  let next = 0;
  const one = async () => {
    while (next < count) {
      next += 1;
      await sink.deliver(record(`${from}-${next}`, { padding: 'x'.repeat(padding) }));
    }
  };
  await Promise.all(Array.from({ length: 20 }, one));
  await sink.close();
  process.stdout.write('done\n');
}
