import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import type { WorkContext } from './context.ts';
import { WpcloneError } from './errors.ts';
import { waitUntil } from './wait-until.ts';

/** Milliseconds between two tries for a lock that another process holds. */
const RETRY = 15;

/** A lock that this process holds. */
export interface Lock {
  /** False when its file was deleted or replaced: then others may hold "the same" lock. */
  isInPlace(): boolean;
  release(): void;
}

/**
 * Takes a lock between processes, or says at once that another holds it. SQLite's file locking does the work: the kernel
 * frees it when its holder dies in whatever way, so that there are no stale locks to guess about.
 */
export function tryLock(folder: string, name: string): Lock | undefined {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${name}.lock`);
  const database = new SqliteDatabase(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof SqliteDatabase.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  // While the file is open no other can have its number.
  const number = () => statSync(file, { throwIfNoEntry: false })?.ino;
  const held = number();
  return { isInPlace: () => held !== undefined && number() === held, release: () => database.close() };
}

/** Runs `work` while holding the lock. Throws BUSY when it was not to be had within `limit` milliseconds. */
export async function withLock<T>(
  folder: string,
  name: string,
  limit: number,
  context: Pick<WorkContext, 'now' | 'sleep' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await waitUntil(() => tryLock(folder, name), { every: RETRY, limit, signal: context.signal }, context);
  if (lock === undefined) {
    throw new WpcloneError('BUSY', `Another wpclone command is working on the same thing (${name}).`);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
