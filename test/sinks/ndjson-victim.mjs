// Appends a large group to the file named by its argument, and kills itself in the middle of the write.
import { statSync } from 'node:fs';
import { AppendFile } from '../../dist/sinks/ndjson/append-file.js';

const { path, bytes } = JSON.parse(process.argv[2]);
const file = await AppendFile.open(path);
const group = Buffer.from(`${JSON.stringify({ id: 'large', padding: 'x'.repeat(bytes) })}\n`);
const die = () => process.kill(process.pid, 'SIGKILL');
const look = () => {
  if (statSync(path).size > bytes / 2) die();
  setImmediate(look);
};
look();
await file.append(group);
die();
