import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import { startServer, waitFor, type Server } from './servers.ts';
import { CACHE, freePort, makeTemp, run } from './temp.ts';

export interface Mariadb {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly socket: string;
  /** All rights, no password, loopback and socket only. */
  readonly user: 'root';
  readonly password: '';
  readonly folder: string;
  query(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Runs a script of statements, such as a dump, with the command line client. */
  script(sql: string, database?: string): Promise<void>;
  restart(): Promise<void>;
  /** SIGKILL; `restart` brings it back. */
  kill(): Promise<void>;
  /** Stops it in its tracks: its sockets stay open, and nothing comes from them. */
  freeze(): void;
  stop(): Promise<void>;
}

/** Starts a MariaDB server of its own in a temporary folder, from a cached data folder: well under a second. */
export async function startMariadb(options: { readonly settings?: readonly string[] } = {}): Promise<Mariadb> {
  const template = await dataTemplate();
  const folder = makeTemp('db');
  await run(['cp', '-a', '--reflink=auto', template, join(folder, 'data')]);
  // A server that starts removes what looks like temporary tables from its folder for them, also another server's.
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const port = await freePort();
  const socket = join(folder, 'db.sock');
  const log = join(folder, 'db.log');
  const launch = async (): Promise<Server> => {
    const server = startServer(
      [
        'mariadbd',
        ...COMMON,
        `--datadir=${join(folder, 'data')}`,
        `--tmpdir=${temporary}`,
        `--socket=${socket}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        '--innodb-flush-log-at-trx-commit=0',
        '--innodb-doublewrite=0',
        '--innodb-buffer-pool-size=128M',
        '--max-allowed-packet=64M',
        ...(options.settings ?? []),
      ],
      { log },
    );
    await waitFor('MariaDB', () => databaseAnswers(socket), log);
    return server;
  };
  return databaseServer({ folder, port, socket, launch });
}

/** A server that `launch` starts, and starts again: also one of another make, see ./foreign. */
export async function databaseServer(parts: {
  readonly folder: string;
  readonly port: number;
  readonly socket: string;
  readonly launch: () => Promise<Server>;
}): Promise<Mariadb> {
  const { folder, port, socket, launch } = parts;
  let server = await launch();
  return {
    host: '127.0.0.1',
    port,
    socket,
    user: 'root',
    password: '',
    folder,
    query: (sql, database) => query(socket, sql, database),
    script: async (sql, database) => {
      await run(
        ['mariadb', '--no-defaults', '-uroot', '-S', socket, '--binary-mode', ...(database ? [database] : [])],
        sql,
      );
    },
    restart: async () => {
      await server.stop();
      server = await launch();
    },
    kill: () => server.stop('SIGKILL'),
    freeze: () => void process.kill(server.pid, 'SIGSTOP'),
    stop: async () => {
      await server.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when somebody answers at the socket. */
export const databaseAnswers = async (socketPath: string): Promise<void> =>
  (await mysql.createConnection({ socketPath, user: 'root' })).end();

const COMMON = ['--no-defaults', ...(process.getuid?.() === 0 ? ['--user=root'] : []), '--innodb-log-file-size=16M'];

async function query(socketPath: string, sql: string, database?: string): Promise<Record<string, unknown>[]> {
  const connection = await mysql.createConnection({
    socketPath,
    user: 'root',
    charset: 'utf8mb4',
    ...(database === undefined ? {} : { database }),
  });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return Array.isArray(rows) ? rows : [];
  } finally {
    await connection.end();
  }
}

async function dataTemplate(): Promise<string> {
  const version = await run(['mariadbd', '--version']);
  const key = createHash('sha256')
    .update(`${version}${COMMON.join(' ')}`)
    .digest('hex')
    .slice(0, 12);
  return cached(`mariadb-${key}`, async (folder) => {
    await run([
      'env',
      `TMPDIR=${makeTemp('install')}`,
      'mariadb-install-db',
      ...COMMON,
      `--datadir=${folder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
    ]);
  });
}

/** A folder of the cache, made once: built aside and renamed into place, so that two test runs cannot meet a half-made one. */
export async function cached(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true, mode: 0o755 });
  const draft = `${folder}.${process.pid}.${Date.now()}`;
  mkdirSync(draft);
  try {
    await build(draft);
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}
