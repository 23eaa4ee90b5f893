// Delivers events to standard output.
import { NdjsonSink } from '../../dist/sinks/ndjson/ndjson.js';
import { record } from './ndjson-record.mjs';

const { count, padding } = JSON.parse(process.argv[2]);
const sink = await NdjsonSink.open({ name: 'ndjson:-', path: '-', wants: () => true });
const data = { padding: 'x'.repeat(padding) };
await Promise.all(Array.from({ length: count }, (_, index) => sink.deliver(record(`e-${index}`, data))));
await sink.close();
