/** The image, built and run as far as a machine without a container engine can: root on Linux is needed. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { VERSION } from '../../src/version.js';
import { freePort } from '../support/ports.js';
import { argument } from './dockerfile.js';
import { buildScript } from './image-build.js';

const NAMESPACES = ['--mount', '--pid', '--fork', '--mount-proc'];
const able = process.platform === 'linux' && spawnSync('unshare', [...NAMESPACES, 'true']).status === 0;

const RUN = `
version=$(image --version)
cat > "$volume/receiptd.yaml" <<YAML
endpoints: { dybaseapi: '$EMULATOR', mns: '$EMULATOR' }
queues: [{ messageType: SmsReport, queueName: $QUEUE }]
credentials: { accessKeyId: $KEY_ID, accessKeySecret: $KEY_SECRET }
sinks: [{ type: ndjson, path: ./receipts.ndjson }]
poll: { waitSeconds: 1 }
ops: { port: $PORT }
YAML
image > "$scratch/log" 2>&1 &
container=$!
for _ in $(seq 300); do
  if [ "$(cat "$volume/receipts.ndjson" 2>/dev/null | wc -l)" -ge "$RECEIPTS" ] && healthcheck > "$scratch/health" 2>&1; then break; fi
  kill -0 $container || break
  sleep 0.2
done
health=$(healthcheck >/dev/null 2>&1 && echo 0 || echo $?)
kill -TERM "$(pgrep -x tini)"
code=0; wait $container || code=$?
down=$(healthcheck >/dev/null 2>&1 && echo 0 || echo $?)
# One that is told to stop while it still loads.
image run > "$scratch/early" 2>&1 &
container=$!
until init=$(pgrep -x tini) && pgrep -P "$init" >/dev/null; do sleep 0.01; done
kill -TERM "$init"
early=0; wait $container || early=$?
cat "$scratch/log" >&2
stat -c 'owner %u:%g' "$volume" >&2
printf '%s\\n' "$version" "$(wc -l < "$volume/receipts.ndjson")" "$health" "$code" "$down" "$early" "$(ls "$root/app/node_modules" | grep -c -E '^(vitest|typescript|@typescript|kubernetes-models)$')"
`;

it.skipIf(!able)(
  'is built by its steps, delivers on a read-only root without privileges, and stops on SIGTERM',
  { timeout: 600_000 },
  async () => {
    await using cloud = await startEmulator();
    const queue = cloud.createQueue('Alicom-Queue-1-SmsReport');
    const receipts = 50;
    for (let n = 0; n < receipts; n += 1) cloud.send(queue.name, { biz_id: `${n}^0`, success: true });
    const [version = ''] = argument('NODE').split('-');
    const node = execFileSync('scripts/with-node.sh', [version, 'node', '-p', 'process.execPath'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const scratch = mkdtempSync(join(tmpdir(), 'receiptd-image-'));
    const { stdout, stderr, status } = await namespaced(
      ['bash', '-c', buildScript(RUN), 'build', scratch, node, process.cwd()],
      {
        EMULATOR: cloud.url,
        QUEUE: queue.name,
        KEY_ID: cloud.accessKeyId,
        KEY_SECRET: cloud.accessKeySecret,
        PORT: String(await freePort()),
        RECEIPTS: String(receipts),
      },
    );
    rmdirSync(scratch);
    expect(status, stderr).toBe(0);
    const [told, delivered, healthy, code, down, early, development] = stdout.split('\n');
    expect(told).toBe(VERSION);
    expect({ delivered, healthy, code, down }, stderr).toEqual({
      delivered: String(receipts),
      healthy: '0',
      code: '0',
      down: '1',
    });
    // tini ends a process that has not got as far as to catch the signal; one that has drains.
    expect(['0', '143']).toContain(early);
    expect(development).toBe('0');
    expect(stderr).not.toMatch(/EROFS|EACCES|read-only/i);
    expect(cloud.queue(queue.name).messages).toEqual([]);
  },
);

/** Not blocking: the emulator is in this process. */
async function namespaced(
  command: readonly string[],
  env: Record<string, string>,
): Promise<{ stdout: string; stderr: string; status: number }> {
  const child = spawn('unshare', [...NAMESPACES, '--kill-child', ...command], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = (await once(child, 'close')) as [number];
  return { stdout, stderr, status };
}
