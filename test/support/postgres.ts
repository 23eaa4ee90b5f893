/** A real PostgreSQL of the test's own: on a free loopback port, durable, restartable, gone afterwards. */
import { execFile } from 'node:child_process';
import { chown, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findProgram, OwnServer, otherThanRoot, versionsBelow, withDirectory } from './own-server.js';
import { freePort } from './ports.js';

const run = promisify(execFile);

export class TestPostgres {
  readonly port: number;
  readonly #directory: string;
  readonly #server: OwnServer;

  private constructor(port: number, directory: string, server: OwnServer) {
    this.port = port;
    this.#directory = directory;
    this.#server = server;
  }

  /** @param settings further settings, e.g. `max_connections=20` */
  static start(...settings: string[]): Promise<TestPostgres> {
    return withDirectory('postgres', async (directory) => {
      const places = versionsBelow('/usr/lib/postgresql', 'bin');
      const data = join(directory, 'data');
      const identity = otherThanRoot('postgres', 'nobody');
      if (identity.uid !== undefined && identity.gid !== undefined)
        await chown(directory, identity.uid, identity.gid);
      const how = ['--auth=trust', '--no-sync', '--no-locale', '--encoding=UTF8', '--username=postgres'];
      await run(findProgram('initdb', places), ['-D', data, ...how], { cwd: directory, ...identity });
      const port = await freePort();
      const fixed = [
        `port=${port}`,
        'listen_addresses=127.0.0.1',
        `unix_socket_directories=${directory}`,
        'shared_buffers=16MB',
        'max_wal_size=128MB',
      ];
      const args = ['-D', data, ...[...fixed, ...settings].flatMap((setting) => ['-c', setting])];
      const command = { file: findProgram('postgres', places), args, cwd: directory, ...identity };
      const server = new OwnServer(command, () => answers(urlOf(port, 'postgres')));
      const postgres = new TestPostgres(port, directory, server);
      try {
        await postgres.up();
        await query(urlOf(port, 'postgres'), 'CREATE DATABASE test');
        return postgres;
      } catch (error) {
        await postgres.down('SIGKILL');
        throw error;
      }
    });
  }

  get url(): string {
    return urlOf(this.port, 'test');
  }

  get pid(): number {
    return this.#server.pid;
  }

  /** Starts it (again) on the same port and data; resolves when it answers. */
  up(): Promise<void> {
    return this.#server.up();
  }

  /** Ends it: at once but orderly with SIGINT, without writing anything on the way out with SIGKILL. */
  down(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    return this.#server.down(signal);
  }

  /** One query on a connection of its own. @returns its rows */
  query<Row extends object = Record<string, unknown>>(
    text: string,
    params: readonly unknown[] = [],
  ): Promise<Row[]> {
    return query<Row>(this.url, text, params);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down('SIGQUIT');
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function urlOf(port: number, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`;
}

async function query<Row extends object>(
  url: string,
  text: string,
  params: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text, [...params])).rows;
  } finally {
    await client.end();
  }
}

function answers(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
}
