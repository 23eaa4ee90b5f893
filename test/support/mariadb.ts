/** A real MariaDB of the test's own: on a free loopback port, durable, restartable, gone afterwards. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { findProgram, OwnServer, withDirectory } from './own-server.js';
import { freePort } from './ports.js';

const run = promisify(execFile);

export class TestMariadb {
  readonly port: number;
  readonly #directory: string;
  readonly #server: OwnServer;

  private constructor(port: number, directory: string, server: OwnServer) {
    this.port = port;
    this.#directory = directory;
    this.#server = server;
  }

  /** @param settings further arguments, e.g. `--max-connections=20` */
  static start(...settings: string[]): Promise<TestMariadb> {
    return withDirectory('mariadb', async (directory) => {
      const places = ['/usr/sbin', '/usr/bin'];
      const data = join(directory, 'data');
      // It refuses to be root unless told to.
      const user = process.getuid?.() === 0 ? ['--user=root'] : [];
      const how = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
      const files = ['--innodb-log-file-size=8M', '--skip-log-bin'];
      await run(
        findProgram('mariadb-install-db', places),
        ['--no-defaults', `--datadir=${data}`, ...user, ...how, ...files],
        { cwd: directory },
      );
      const port = await freePort();
      const fixed = [
        `--datadir=${data}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        `--socket=${join(directory, 'mariadb.sock')}`,
        `--pid-file=${join(directory, 'mariadb.pid')}`,
        '--innodb-buffer-pool-size=32M',
        '--skip-name-resolve',
      ];
      const args = ['--no-defaults', ...fixed, ...user, ...files, ...settings];
      const command = { file: findProgram('mariadbd', places), args, cwd: directory };
      const server = new OwnServer(command, () => answers(urlOf(port, 'mysql')));
      const mariadb = new TestMariadb(port, directory, server);
      try {
        await mariadb.up();
        await query(urlOf(port, 'mysql'), 'CREATE DATABASE test');
        return mariadb;
      } catch (error) {
        await mariadb.down('SIGKILL');
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

  /** Ends it: orderly with SIGTERM, without writing anything on the way out with SIGKILL. */
  down(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
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
    await this.down('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function urlOf(port: number, database: string): string {
  return `mysql://root@127.0.0.1:${port}/${database}`;
}

async function query<Row extends object>(
  url: string,
  text: string,
  params: readonly unknown[] = [],
): Promise<Row[]> {
  const connection = await createConnection(url);
  connection.on('error', () => {});
  try {
    const [rows] = await connection.query(text, [...params]);
    return rows as Row[];
  } finally {
    connection.destroy();
  }
}

function answers(url: string): Promise<boolean> {
  return query(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
}
