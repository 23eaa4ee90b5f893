// Delivers events to standard output.
import { NdjsonSink } from '../../dist/sinks/ndjson.js';

const { count, padding } = JSON.parse(process.argv[2]);
const sink = await NdjsonSink.open({ name: 'ndjson:-', path: '-', wants: () => true });
const json = JSON.stringify({ padding: 'x'.repeat(padding) });
await Promise.all(Array.from({ length: count }, (_, index) => sink.deliver({ id: `e-${index}`, json })));
await sink.close();
