import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PglitePool } from '../../src/pipeline/embedded/pglite-pool.js';

let db: PGlite;
let pool: PglitePool;

beforeAll(async () => {
  db = await PGlite.create();
  pool = new PglitePool(db);
  await pool.query('CREATE TABLE numbers (n integer PRIMARY KEY)');
});

afterAll(() => db.close());

describe('PGlite as a pool', () => {
  test('runs many statements in one text and answers with the last', async () => {
    const { rows } = await pool.query(
      'INSERT INTO numbers VALUES (1), (2); SELECT count(*)::int AS n FROM numbers',
    );
    expect(rows).toEqual([{ n: 2 }]);
  });

  test('answers with rows and with how many were changed', async () => {
    expect(await pool.query('SELECT n FROM numbers WHERE n = $1', [1])).toMatchObject({ rows: [{ n: 1 }] });
    expect(await pool.query('UPDATE numbers SET n = n + $1', [10])).toMatchObject({ rows: [], rowCount: 2 });
    expect(await pool.query('DELETE FROM numbers')).toMatchObject({ rowCount: 2 });
  });

  test.each([
    ['one with parameters', () => pool.query('SELECT 1 / $1::int', [0])],
    ['one without', () => pool.query('SELECT 1 / 0')],
    ['many at once', () => pool.query('INSERT INTO numbers VALUES (7); SELECT 1 / 0')],
    ['one that does not parse', () => pool.query('SELEC 1', [])],
  ])('works on after a statement that failed: %s', async (_, fail) => {
    await expect(fail()).rejects.toThrow();
    expect((await pool.query('SELECT n FROM numbers')).rows).toEqual([]);
  });

  test('gives a client notifications of what it listens to, until it is released', async () => {
    const client = await pool.connect();
    const heard: unknown[] = [];
    client.on('notification', (notification) => heard.push(notification));
    await client.query('LISTEN "jobs"');
    await pool.query("NOTIFY jobs, 'queue-1'");
    await pool.query('SELECT pg_notify($1, $2)', ['jobs', 'queue-2']);
    await pool.query("NOTIFY other, 'x'");
    await expect
      .poll(() => heard)
      .toEqual([
        { channel: 'jobs', payload: 'queue-1' },
        { channel: 'jobs', payload: 'queue-2' },
      ]);
    client.release();
    await pool.query("NOTIFY jobs, 'queue-3'");
    await pool.query('SELECT 1');
    expect(heard).toHaveLength(2);
  });

  test('lets two clients listen to one channel and one of them leave', async () => {
    const [one, two] = [await pool.connect(), await pool.connect()];
    const heard: string[] = [];
    one.on('notification', () => heard.push('one'));
    two.on('notification', () => heard.push('two'));
    await one.query('LISTEN shared');
    await two.query('LISTEN shared');
    one.release();
    await pool.query('NOTIFY shared');
    await expect.poll(() => heard).toEqual(['two']);
    two.release();
  });

  test('stays open when a user of it ends it', async () => {
    await pool.end();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});
