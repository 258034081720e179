import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { guard, openDatabase, type Database } from './database.ts';
import { instanceStore } from './instances.ts';
import { ensureKeyFile, readKey, secretBox, type RandomBytes, type SecretBox } from './secrets.ts';
import { sourceStore } from './sources.ts';
import type { State } from './types.ts';

export interface StateDependencies {
  readonly now: Clock;
  readonly randomBytes: RandomBytes;
}

const CHECK = 'wpclone';

/**
 * Opens what wpclone remembers under `home`; makes it when it is not there yet. Several processes may have it open.
 * Throws STATE_NEWER (a newer wpclone wrote it), STATE_FAILED (cannot be read, or secret.key does not fit), BUSY.
 */
export function openState(home: string, dependencies: StateDependencies): State {
  const file = join(home, 'state.db');
  const database = openDatabase(home, dependencies.now);
  try {
    const box = guard(file, () => openSecrets(database, join(home, 'secret.key'), dependencies.randomBytes));
    const guarded = <T>(work: () => T): T => guard(file, work);
    return {
      sources: sourceStore(database, box, guarded),
      instances: instanceStore(database, box, guarded),
      close: () => {
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
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
