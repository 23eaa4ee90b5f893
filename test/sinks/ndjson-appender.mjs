// Appends events to the file named by its argument, many at a time.
import { NdjsonSink } from '../../dist/sinks/ndjson.js';

const { path, from, count, padding } = JSON.parse(process.argv[2]);
const sink = await NdjsonSink.open({ name: 'ndjson', path, wants: () => true });
const record = (id) => ({ specversion: '1.0', id, json: JSON.stringify({ padding: 'x'.repeat(padding) }) });
for (let at = 0; at < count; at += 50) {
  const group = Array.from({ length: Math.min(50, count - at) }, (_, index) =>
    record(`${from}-${at + index}`),
  );
  await Promise.all(group.map((event) => sink.deliver(event)));
}
await sink.close();
