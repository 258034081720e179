import { connect } from 'node:net';
import { createConnection } from 'mysql2';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { SESSION_SETTINGS } from '../../shared/database-session.ts';
import type { DatabaseAddress } from '../types.ts';
import type { TargetServer } from './collations.ts';
import { createPackets } from './packets.ts';
import { databaseError } from './errors.ts';

/**
 * A session that takes what another server held: no strict mode, zero and odd dates, 0 in auto-increment columns, times in
 * UTC, no key checks, time-outs that outlast a source that is being retried, and two minutes instead of a day for a table that
 * somebody holds.
 */
const SESSION = `SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks = 0,
  time_zone = '+00:00', net_read_timeout = 86400, net_write_timeout = 86400, wait_timeout = 86400, lock_wait_timeout = 120`;

/** Settings that exist on one kind of server only, or that a limited user may not set; each is worth a try. */
const OPTIONAL_SETTINGS = [
  'SET SESSION innodb_strict_mode = 0',
  'SET SESSION check_constraint_checks = 0',
  'SET SESSION sql_require_primary_key = 0',
];

/** Well below any server's max_allowed_packet (1 MiB is the least that is common), which limits one packet of a LOAD DATA. */
export const PACKET_BYTES = 512 * 1024;

export interface TargetConnection {
  query(sql: string): Promise<RowDataPacket[]>;
  execute(sql: string): Promise<ResultSetHeader>;
  readonly raw: Connection;
  /**
   * Sends a packet of rows, of `PACKET_BYTES` at most, to a LOAD DATA whose server has asked for them; an empty one ends them. Resolves
   * when they have been taken and may be overwritten; rejects when the connection is gone.
   */
  sendRows(rows: Buffer): Promise<void>;
  close(): Promise<void>;
  /** Ends at once; what is being loaded is rolled back by the server. */
  destroy(): void;
}

/** Opens a session for loading; it is destroyed when the signal aborts. Throws DATABASE_FAILED. */
export async function connectTarget(address: DatabaseAddress, signal: AbortSignal): Promise<TargetConnection> {
  signal.throwIfAborted();
  const { user, password, database } = address;
  const socket = address.socketPath
    ? connect(address.socketPath)
    : connect(address.port ?? 3306, address.host ?? '127.0.0.1').setNoDelay(true);
  // mysql2's own destroy() waits for what is still to be sent, and leaves a pending query without an answer.
  const destroy = (): void => {
    signal.removeEventListener('abort', destroy);
    socket.destroy(new Error('The session was ended.'));
  };
  signal.addEventListener('abort', destroy, { once: true });
  const settings = { user, password, database, charset: 'utf8mb4', multipleStatements: false };
  const session = createConnection({ ...SESSION_SETTINGS, stream: socket, ...settings });
  // Each LOAD DATA leaves a listener behind (see load.ts).
  session.setMaxListeners(0);
  const raw = session.promise();
  await raw.connect().catch((error: unknown) => {
    destroy();
    throw databaseError(error, 'Connecting to the clone’s database');
  });
  raw.on('error', () => undefined);
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  };
  const connection: TargetConnection = {
    raw,
    sendRows: createPackets(session, socket, PACKET_BYTES),
    destroy,
    close: async () => {
      signal.removeEventListener('abort', destroy);
      await raw.end().catch(() => undefined);
    },
    query: async (sql) => (await guard(raw.query<RowDataPacket[]>(sql)))[0],
    execute: async (sql) => (await guard(raw.query<ResultSetHeader>(sql)))[0],
  };
  await connection.execute(SESSION);
  for (const setting of OPTIONAL_SETTINGS) await connection.execute(setting).catch(() => undefined);
  return connection;
}

/** Asks the server what it is and has. */
export async function describeTarget(connection: TargetConnection): Promise<TargetServer> {
  const [version] = await connection.query('SELECT VERSION() AS version, @@lower_case_table_names AS mode');
  const mariadb = String(version?.['version']).toLowerCase().includes('mariadb');
  // MariaDB lists its newer collations without their charset; their full names are in another view since 10.10.
  const collations = await connection
    .query(
      mariadb
        ? 'SELECT FULL_COLLATION_NAME AS name, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY'
        : 'SELECT COLLATION_NAME AS name, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATIONS',
    )
    .catch(() =>
      connection.query(
        'SELECT COLLATION_NAME AS name, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATIONS',
      ),
    );
  const engines = await connection.query(
    "SELECT ENGINE AS name FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
  );
  return {
    flavor: mariadb ? 'mariadb' : 'mysql',
    engines: new Set(names(engines, 'name').map((name) => name.toUpperCase())),
    collations: new Set(names(collations, 'name').map((name) => name.toLowerCase())),
    charsets: new Set(names(collations, 'charset')),
    ignoresCase: Number(version?.['mode']) > 0,
  };
}

function names(rows: readonly RowDataPacket[], key: string): string[] {
  return rows.map((row) => String(row[key]));
}
