import { request } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ReceiptdError } from '../../src/errors.js';
import type { Status } from '../../src/ops/index.js';
import { COUNTERS } from '../../src/stats.js';
import { opsServer } from './serve.js';
import { distinctCounters, queueStatus, statusOf } from './statuses.js';

interface Options {
  token?: string;
  host?: string;
  status?: () => Status;
}

/** @returns the base URL */
function serve({ token = '', host = '127.0.0.1', status = () => statusOf() }: Options = {}) {
  return opsServer({ config: { host, token }, status }).start();
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('the probes', () => {
  test('say that it lives, and whether and why not it is ready', async () => {
    let status = statusOf();
    const url = await serve({ status: () => status });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }]);
    status = statusOf({ ready: false, reasons: ['q: no such queue'] });
    const not = await fetch(`${url}/readyz`);
    expect([not.status, await not.json()]).toEqual([503, { ready: false, reasons: ['q: no such queue'] }]);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  test('are open where everything else asks for the token', async () => {
    const url = await serve({ token: 'secret' });
    for (const path of ['/livez', '/readyz']) expect((await fetch(`${url}${path}`)).status).toBe(200);
    for (const path of ['/metrics', '/api/status', '/api/dead', '/api/dead/x', '/', '/nowhere']) {
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 401]);
    }
    for (const path of ['/api/dead/retry', '/api/dead/drop']) {
      expect((await fetch(`${url}${path}`, { method: 'POST' })).status).toBe(401);
    }
  });
});

test('/readyz says why only to who has the token', async () => {
  const status = () => statusOf({ ready: false, reasons: ['q: no such queue'] });
  const url = await serve({ token: 'secret', status });
  for (const init of [{}, bearer('wrong')]) {
    const answer = await fetch(`${url}/readyz`, init);
    expect([answer.status, await answer.json()]).toEqual([503, { ready: false }]);
  }
  const answer = await fetch(`${url}/readyz`, bearer('secret'));
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { ready: false, reasons: ['q: no such queue'] },
  ]);
});

describe('the token', () => {
  test.each([
    ['the right one', 'Bearer secret', 200],
    ['the right one in small letters', 'bearer secret', 200],
    ['a wrong one', 'Bearer Secret', 401],
    ['a longer one', 'Bearer secrets', 401],
    ['an empty one', 'Bearer ', 401],
    ['another scheme', 'Basic secret', 401],
  ])('%s', async (_, authorization, status) => {
    const url = await serve({ token: 'secret' });
    const answer = await fetch(`${url}/api/status`, { headers: { authorization } });
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('secret');
  });
});

describe('a request to loopback', () => {
  function answerTo(url: string, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      request(`${url}/api/status`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  }

  test.each([
    ['localhost', 200],
    ['localhost:8090', 200],
    ['127.0.0.1', 200],
    ['[::1]:8090', 200],
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['evil.example:8090', 421],
  ])('that names %s gets %i', async (host, status) => {
    expect(await answerTo(await serve(), host)).toBe(status);
  });

  test('bound elsewhere may name any host, and needs the token', async () => {
    const url = (await serve({ host: '0.0.0.0', token: 'secret' })).replace('0.0.0.0', '127.0.0.1');
    expect(await answerTo(url, 'receiptd.internal')).toBe(401);
  });
});

test('/api/status is the status', async () => {
  const url = await serve();
  expect(await (await fetch(`${url}/api/status`)).json()).toEqual(statusOf());
});

describe('/metrics', () => {
  const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})? (-?[\d.e+-]+|NaN|Nan|[+-]Inf)$/;

  async function samples(url: string): Promise<Map<string, number>> {
    const answer = await fetch(`${url}/metrics`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const found = new Map<string, number>();
    for (const line of (await answer.text()).trimEnd().split('\n')) {
      if (line === '' || line.startsWith('# HELP ') || line.startsWith('# TYPE ')) continue;
      const [, name, labels, value] = SAMPLE.exec(line) ?? [];
      expect(name, line).toBeDefined();
      found.set(labels === undefined ? `${name}` : `${name}{${labels}}`, Number(value));
    }
    return found;
  }

  test('has every counter of every queue, read anew each time', async () => {
    const counters = distinctCounters();
    const queues = [
      queueStatus({ queueName: 'a', counters }),
      queueStatus({ queueName: 'b', messageType: 'SmsUp' }),
    ];
    const url = await serve({ status: () => statusOf({ queues }) });
    const first = await samples(url);
    for (const name of Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]) {
      expect(first.get(`receiptd_${name}_total{queue="a",type="SmsReport"}`)).toBe(counters[name]);
      expect(first.get(`receiptd_${name}_total{queue="b",type="SmsUp"}`)).toBe(0);
    }
    counters.delivered += 1;
    const second = await samples(url);
    expect(second.get('receiptd_delivered_total{queue="a",type="SmsReport"}')).toBe(counters.delivered);
  });

  test('adds up the drift of a type over its queues, field by field', async () => {
    const queues = [
      queueStatus({ queueName: 'a', drift: { biz_id: 2, 'detail.callOutInfo[].caller': 1 } }),
      queueStatus({ queueName: 'b', drift: { biz_id: 3 } }),
      queueStatus({ queueName: 'c', messageType: 'SmsUp' }),
    ];
    const found = await samples(await serve({ status: () => statusOf({ queues }) }));
    const drift = [...found].filter(([name]) => name.startsWith('receiptd_schema_drift_total'));
    expect(drift).toEqual([
      ['receiptd_schema_drift_total{type="SmsReport",path="biz_id"}', 5],
      ['receiptd_schema_drift_total{type="SmsReport",path="detail.callOutInfo[].caller"}', 1],
    ]);
  });

  test('asks for the status once a scrape', async () => {
    let asked = 0;
    const url = await serve({
      status: () => {
        asked += 1;
        return statusOf();
      },
    });
    for (const times of [1, 2]) {
      await fetch(`${url}/metrics`);
      expect(asked).toBe(times);
    }
  });

  test('has the gauges and what belongs to the whole daemon', async () => {
    const token = { expiresInSeconds: 42, refreshes: 5, failures: 2 };
    const queues = [queueStatus({ queueName: 'a', inFlight: 7, backlog: 3, lastPollAt: 5_000, token })];
    const found = await samples(await serve({ status: () => statusOf({ queues }) }));
    const of = (name: string) => found.get(`receiptd_${name}{queue="a",type="SmsReport"}`);
    expect([of('in_flight'), of('backlog'), of('last_poll_timestamp_seconds')]).toEqual([7, 3, 5]);
    expect([of('token_expiry_seconds'), of('token_refreshes_total'), of('token_failures_total')]).toEqual([
      42, 5, 2,
    ]);
    expect([found.get('receiptd_ready'), found.get('receiptd_slice_restarts_total')]).toEqual([1, 3]);
    expect(found.has('process_resident_memory_bytes')).toBe(true);
  });

  test('has no token expiry before the first token', async () => {
    const queues = [queueStatus({ token: { refreshes: 0, failures: 0 } })];
    const found = await samples(await serve({ status: () => statusOf({ ready: false, queues }) }));
    expect([...found.keys()].filter((name) => name.includes('token_expiry'))).toEqual([]);
    expect(found.get('receiptd_ready')).toBe(0);
  });

  test('needs the token like the rest', async () => {
    const url = await serve({ token: 'secret' });
    expect((await fetch(`${url}/metrics`, bearer('secret'))).status).toBe(200);
  });
});

describe('a port that cannot be had', () => {
  test('because another has it is refused with one line that names the key', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const server = opsServer({ config: { port } });
    const starting = server.start();
    await expect(starting).rejects.toThrow(ReceiptdError);
    await expect(starting).rejects.toMatchObject({
      code: 'OPS_LISTEN',
      message: `ops.port: cannot listen on 127.0.0.1:${port} (EADDRINUSE): another process has it, set another ops.port`,
    });
    await server.stop();
    await new Promise((resolve) => other.close(resolve));
  });

  test('because the address is not of this machine is refused too', async () => {
    await expect(serve({ host: '192.0.2.1', token: 'secret' })).rejects.toThrow(
      /^ops\.port: cannot listen on 192\.0\.2\.1:0 \(EADDRNOTAVAIL\): set ops\.host and ops\.port$/,
    );
  });
});
