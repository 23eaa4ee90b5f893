// Appends message after message, in spite of errors, and says at the end which were confirmed and what went wrong.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureWriter } from '../../dist/capture/index.js';

const { dir, count, makeRoom } = JSON.parse(process.argv[2]);
// What Node would die of by default; with a listener, writing fails with EFBIG.
process.on('SIGXFSZ', () => {});
// Half of the disk, to be freed later.
const ballast = join(dir, 'ballast');
const writer = await CaptureWriter.open({
  dir,
  gzip: false,
  maxBytes: 1e9,
  maxAge: 1e6,
  writer: 0,
  mnsHost: 'mns.test',
});
if (makeRoom) writeFileSync(ballast, Buffer.alloc(64 * 1024));
const confirmed = [];
const errors = [];
const append = (messageId) =>
  writer
    .append([{ messageId, body: 'e30='.repeat(64), enqueueTime: 1, dequeueCount: 1 }], {
      queueName: 'q',
      messageType: 't',
    })
    .then(
      () => confirmed.push(messageId),
      (error) => errors.push(error.message),
    );
for (let n = 0; n < count; n += 1) await append(`m-${n}`);
if (makeRoom) {
  rmSync(ballast);
  await append('after');
}
await writer.close();
process.stdout.write(JSON.stringify({ confirmed, errors: errors.slice(0, 20) }));
