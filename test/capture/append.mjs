// Appends batches from several sides for ever, and names each message whose append has resolved.
import { writeSync } from 'node:fs';
import { CaptureWriter } from '../../dist/capture/index.js';

const { options, life } = JSON.parse(process.argv[2]);
const writer = await CaptureWriter.open(options);
let next = 0;
async function side() {
  for (;;) {
    const ids = Array.from({ length: 1 + (next % 5) }, () => `${life}-${next++}`);
    const messages = ids.map((messageId) => ({ messageId, body: 'e30=', enqueueTime: 1, dequeueCount: 1 }));
    await writer.append(messages, { queueName: 'q', messageType: 't' });
    writeSync(1, ids.map((id) => `${id}\n`).join(''));
  }
}
await Promise.all([side(), side(), side()]);
