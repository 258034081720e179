import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import type { ErrorCode } from '../shared/error-codes.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { Clock } from '../shared/context.ts';
import { codeOf } from '../shared/system.ts';
import { MIGRATIONS, type Migration } from './migrations.ts';

export type Database = BetterSqlite3.Database;

/** Milliseconds that the driver waits for another writer before it says BUSY; the event loop stands still meanwhile. */
const BUSY_TIMEOUT_MS = 15_000;
/** How long to try for the first, short steps of opening a database, whatever comes later. */
const OPEN_TIMEOUT_MS = 15_000;
const SWITCH_PAUSE_MS = 5;
/** Bytes; one of SQLite's files grows by less at a time. */
const ROOM = 64 * 1024;

/** Magic numbers of network file systems (statfs(2)): NFS, SMB, SMB2, CIFS. */
const NETWORK_FILE_SYSTEMS = new Set([0x6969, 0x517b, 0xfe534d42, 0xff534d42]);

/** One database file under WPCLONE_HOME and how it is used. */
export interface DatabaseKind {
  /** The name of the file. */
  readonly name: string;
  readonly migrations: readonly Migration[];
  /** FULL: what was committed outlives a power cut (sqlite.org/pragma.html#pragma_synchronous). */
  readonly synchronous: 'NORMAL' | 'FULL';
  /** Milliseconds; short in a process that must not stand still, which then tries again by itself. */
  readonly busyTimeout: number;
}

export const STATE_DATABASE: DatabaseKind = {
  name: 'state.db',
  migrations: MIGRATIONS,
  synchronous: 'NORMAL',
  busyTimeout: BUSY_TIMEOUT_MS,
};

/**
 * Opens a database in `home` (made with mode 0700 when missing) and brings it to the newest schema.
 * Throws STATE_NEWER, STATE_FAILED, BUSY.
 */
export function openDatabase(home: string, now: Clock, kind: DatabaseKind = STATE_DATABASE): Database {
  const file = join(home, kind.name);
  return guard(file, () => {
    makePrivateFolder(home);
    makePrivateFile(file);
    const database = remembering(new (loadSqlite())(file, { timeout: OPEN_TIMEOUT_MS }));
    try {
      useWriteAheadLog(database, home);
      database.pragma(`synchronous = ${kind.synchronous}`);
      database.pragma('foreign_keys = ON');
      migrate(database, kind.migrations, now);
      database.pragma(`busy_timeout = ${kind.busyTimeout}`);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/**
 * Compiles each statement once, however often it is prepared: that is a third of what accepting a job costs. So a text that is plucked
 * in one place is plucked in all, and none is read by a cursor that stays open.
 */
function remembering(database: Database): Database {
  const prepare = database.prepare.bind(database);
  const known = new Map<string, BetterSqlite3.Statement>();
  const remembered = (sql: string): BetterSqlite3.Statement => {
    const statement = known.get(sql) ?? prepare(sql);
    known.set(sql, statement);
    return statement;
  };
  return Object.assign(database, { prepare: remembered });
}

/** Runs `work` and turns what SQLite and the file system throw into our errors. */
export function guard<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof WpcloneError || !(error instanceof Error)) throw error;
    const code = codeOf(error);
    if (code === undefined) throw error;
    throw new WpcloneError(codeFor(code, file), `The state database ${file} cannot be used: ${error.message}`, {
      details: { path: file },
      cause: error,
      retryable: code.startsWith('SQLITE_BUSY'),
    });
  }
}

function codeFor(code: string, file: string): ErrorCode {
  if (code.startsWith('SQLITE_BUSY')) return 'BUSY';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') return 'DISK_FULL';
  // On a full disk its files beside the database cannot be made or grow, which it calls an error of input and output.
  if (code.startsWith('SQLITE_IOERR') && isFull(dirname(file))) return 'DISK_FULL';
  return 'STATE_FAILED';
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < ROOM;
  } catch {
    return false;
  }
}

/** The binaries of better-sqlite3 crash Node 20 instead of failing, so the version is checked before they are loaded. */
function loadSqlite(): typeof BetterSqlite3 {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 15)) {
    throw new WpcloneError('BAD_INPUT', `wpclone needs Node.js 22.15 or newer; this is ${process.versions.node}.`);
  }
  const sqlite: typeof BetterSqlite3 = createRequire(import.meta.url)('better-sqlite3');
  return sqlite;
}

/** A folder that was there before us and holds other things keeps its mode: it may be somebody's /srv. */
function makePrivateFolder(home: string): void {
  makeFolder(home);
  if (readdirSync(home).length === 0) chmodSync(home, 0o700);
}

/**
 * SQLite gives its -wal and -shm files the mode of the database file. A file that is there is not opened here: closing it again
 * would drop the locks that another connection of this process has on it (POSIX; sqlite.org/howtocorrupt.html section 2.2).
 */
function makePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Each folder by itself: below one that refuses them with ENOENT, as /proc does, `recursive` of Node.js tries for ever. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another first command was faster.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function useWriteAheadLog(database: Database, home: string): void {
  if (database.pragma('journal_mode', { simple: true }) === 'wal') return;
  // WAL needs memory shared between processes, which network file systems do not give (sqlite.org/wal.html).
  if (NETWORK_FILE_SYSTEMS.has(statfsSync(home).type >>> 0)) return;
  // Switching needs the file alone, and SQLite refuses it at once instead of waiting (sqlite.org/c3ref/busy_handler.html:
  // where waiting could deadlock). With several first commands at once, one switches and the others find it done.
  for (let waitedMs = 0; ; waitedMs += SWITCH_PAUSE_MS) {
    try {
      database.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || waitedMs >= BUSY_TIMEOUT_MS) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SWITCH_PAUSE_MS);
    }
  }
}

const isBusy = (error: unknown): boolean => codeOf(error)?.startsWith('SQLITE_BUSY') === true;

function migrate(database: Database, migrations: readonly Migration[], now: Clock): void {
  const newest = migrations.at(-1)?.version ?? 0;
  const apply = database.transaction(() => {
    database.exec(
      'CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
    );
    const current = currentVersion(database);
    if (current > newest) throw stateNewer(database.name, current, newest);
    for (const { version, name, sql } of migrations) {
      if (version <= current) continue;
      database.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run(version, name, now());
      database.exec(sql);
    }
  });
  if (hasMigrations(database) && currentVersion(database) === newest) return;
  // Immediate: of several processes one migrates, the others wait and then find it done.
  apply.immediate();
}

function hasMigrations(database: Database): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'").get() !== undefined
  );
}

function currentVersion(database: Database): number {
  return Number(database.prepare('SELECT coalesce(max(version), 0) FROM migrations').pluck().get());
}

/** Throws STATE_NEWER when a newer wpclone has changed the schema since the database was opened. */
export function requireVersion(database: Database, newest: number): void {
  const current = currentVersion(database);
  if (current > newest) throw stateNewer(database.name, current, newest);
}

function stateNewer(file: string, current: number, newest: number): WpcloneError {
  return new WpcloneError(
    'STATE_NEWER',
    `${file} has schema version ${current}; this wpclone knows versions up to ${newest}.`,
    { details: { path: file } },
  );
}
