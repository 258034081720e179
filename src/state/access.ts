import type { WorkContext } from '../shared/context.ts';
import { guard, type Database, requireVersion } from './database.ts';
import { retryWhileBusy } from './retry.ts';

/** How the database is reached: each call is one short transaction, made again while another process holds the database. */
export interface Access {
  read<T>(look: () => T): Promise<T>;
  /** Whatever `change` throws, nothing of it is done. */
  write<T>(change: () => T): Promise<T>;
}

/**
 * In a process that lives long a newer wpclone may have changed the schema meanwhile: both throw STATE_NEWER then, a write before
 * it has written anything.
 */
export function accessTo(
  database: Database,
  newest: number,
  work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>,
): Access {
  const checked =
    <T>(call: () => T) =>
    (): T => {
      requireVersion(database, newest);
      return call();
    };
  const attempt = <T>(call: () => T): Promise<T> => retryWhileBusy(work, () => guard(database.name, call));
  return {
    read: (look) => attempt(checked(look)),
    write: (change) => attempt(() => database.transaction(checked(change)).immediate()),
  };
}
