import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { accessTo } from './access.ts';
import { guard, openDatabase, STATE_DATABASE, type Database, type DatabaseKind } from './database.ts';
import { documentStore } from './documents.ts';
import { restoreStore } from './restores.ts';
import { DRIVER_TIMEOUT } from './retry.ts';
import { ensureKeyFile, readKey, secretBox, type RandomBytes, type SecretBox } from './secrets.ts';
import { sourceStore } from './sources.ts';
import type { State } from './types.ts';
import { unitStore } from './units.ts';

export type StateDependencies = Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>;

export interface StateOptions {
  /** FULL in a process that answers for what it stored: then that outlives a power cut. */
  readonly synchronous?: DatabaseKind['synchronous'];
}

const CHECK = 'wpclone';

/**
 * Opens what wpclone remembers under `home`; makes it when it is not there yet. Several processes may have it open.
 * Throws STATE_NEWER (a newer wpclone wrote it), STATE_FAILED (cannot be read, or secret.key does not fit), BUSY.
 * One per process: several connections would wait for each other.
 */
export function openState(home: string, dependencies: StateDependencies, options: StateOptions = {}): State {
  const file = join(home, 'state.db');
  const database = openDatabase(home, dependencies.now, { ...STATE_DATABASE, ...options });
  try {
    const box = guard(file, () => openSecrets(database, join(home, 'secret.key'), dependencies.randomBytes));
    // Opened with patience, as all wait for the first one then; from here on the event loop must not stand still.
    database.pragma(`busy_timeout = ${DRIVER_TIMEOUT}`);
    const access = accessTo(database, STATE_DATABASE.migrations.at(-1)?.version ?? 0, dependencies);
    return {
      sources: sourceStore(database, box, access),
      restores: restoreStore(database, access),
      documents: documentStore(database, access),
      units: unitStore(database, box, dependencies.now, access),
      close: () => {
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** What seals the secrets of a home, for a database of its own beside the state. Throws what `openState` does. */
export function openHomeSecrets(home: string, { now, randomBytes }: StateDependencies): SecretBox {
  const file = join(home, 'state.db');
  const database = openDatabase(home, now);
  try {
    return guard(file, () => openSecrets(database, join(home, 'secret.key'), randomBytes));
  } finally {
    database.close();
  }
}

/** A sealed word in the database says whether the key file is the right one; a lost key is never silently replaced. */
function openSecrets(database: Database, keyFile: string, randomBytes: RandomBytes): SecretBox {
  const open = database.transaction(() => {
    const check = database.prepare<[], Buffer>("SELECT value FROM meta WHERE name = 'key_check'").pluck().get();
    if (check === undefined) {
      ensureKeyFile(keyFile, randomBytes);
      const box = secretBox(readKey(keyFile), keyFile, randomBytes);
      database.prepare("INSERT INTO meta VALUES ('key_check', ?)").run(box.seal(CHECK, 'meta.key_check'));
      return box;
    }
    if (!existsSync(keyFile)) {
      throw new WpcloneError('STATE_FAILED', `${keyFile} is missing; the secrets in the state need it.`, {
        details: { path: keyFile },
      });
    }
    const box = secretBox(readKey(keyFile), keyFile, randomBytes);
    box.open(check, 'meta.key_check');
    return box;
  });
  const known = database.prepare("SELECT 1 FROM meta WHERE name = 'key_check'").get() !== undefined;
  return known ? open.deferred() : open.immediate();
}
