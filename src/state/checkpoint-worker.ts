import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type BetterSqlite3 from 'better-sqlite3';

/*
 * Brings what is in the log of a database to its place, by a connection of its own, which holds up neither readers nor writers
 * (sqlite.org/pragma.html#pragma_wal_checkpoint, PASSIVE).
 */

const Sqlite: typeof BetterSqlite3 = createRequire(import.meta.url)('better-sqlite3');
const file: string = workerData;
const database = new Sqlite(file, { fileMustExist: true });
// The log is on the disk before its pages are, and they are before it is written over.
database.pragma('synchronous = NORMAL');

parentPort?.on('message', () => void database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get());
