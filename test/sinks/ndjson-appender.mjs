// Appends events to the file named by its argument, many at a time.
import { NdjsonSink } from '../../dist/sinks/ndjson/ndjson.js';
import { record } from './ndjson-record.mjs';

const { path, from, count, padding } = JSON.parse(process.argv[2]);
const sink = await NdjsonSink.open({ name: 'ndjson', path, wants: () => true });
for (let at = 0; at < count; at += 50) {
  const group = Array.from({ length: Math.min(50, count - at) }, (_, index) =>
    record(`${from}-${at + index}`, { padding: 'x'.repeat(padding) }),
  );
  await Promise.all(group.map((event) => sink.deliver(event)));
}
await sink.close();
