// Appends to a file that it may not read, while another, which is itself, writes half a line and a whole one in between.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { promisify } from 'node:util';

const [, , path] = process.argv;
const write = promisify(fs.write);
const between = [];
fs.write = Object.assign(() => {}, {
  [promisify.custom]: (...args) => {
    between.shift()?.();
    return write(...args);
  },
});
syncBuiltinESMExports();
const { NdjsonSink } = await import('../../dist/sinks/ndjson/ndjson.js');
const { record } = await import('./ndjson-record.mjs');

try {
  fs.closeSync(fs.openSync(path, 'r'));
  throw new Error('the file can be read');
} catch (error) {
  if (error.code !== 'EACCES') throw error;
}
const sink = await NdjsonSink.open({ name: 'ndjson', path, wants: () => true });
await sink.deliver(record('a'));
between.push(() => fs.appendFileSync(path, '{"id":"cut sho'));
await sink.deliver(record('b'));
between.push(() => fs.appendFileSync(path, '{"id":"other"}\n'));
await sink.deliver(record('c'));
await sink.deliver(record('d'));
await sink.close();
