// Reads the pipe named by its argument a little at a time, and then says the ids of its lines.
import { closeSync, openSync, readSync } from 'node:fs';

const { path } = JSON.parse(process.argv[2]);
const fd = openSync(path, 'r');
const chunk = Buffer.alloc(1_000);
let text = '';
for (;;) {
  const length = readSync(fd, chunk);
  if (length === 0) break;
  text += chunk.toString('utf8', 0, length);
}
closeSync(fd);
const ids = text
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line).id);
process.stdout.write(JSON.stringify(ids));
