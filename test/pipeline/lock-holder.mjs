// Takes the data directory named by its argument and keeps it, or says who has it.
import { DataDirLock } from '../../dist/pipeline/index.js';

const { dataDir, opsUrl } = JSON.parse(process.argv[2]);
try {
  const lock = await DataDirLock.take(dataDir);
  if (opsUrl) lock.announce(opsUrl);
  process.stdout.write('taken\n');
  // Its socket alone keeps no process alive.
  setInterval(() => {}, 60_000);
} catch (error) {
  process.stdout.write(`${error.code} ${error.owner?.pid}\n`);
}
