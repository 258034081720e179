import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOOK_SECTIONS, type LookSection } from '../../instance/declared.ts';
import type { WorkContext } from '../../shared/context.ts';
import type { SidecarSettings } from '../settings.ts';
import { asAdministrator } from '../administrator.ts';
import type { LookFromHere } from './look.ts';

/** A number of seconds that no server is set to by chance. */
const STRANGE_TIMEOUT = 28_123;

/** What a look must show: a look that does not see what was put there proves nothing about what it does not see. */
export interface Canaries {
  seenIn(look: LookFromHere): readonly LookSection[];
}

/** Leaves something in every place that a clone could have used, under a name that nobody knows before. It goes with what the clone left. */
export async function plantCanaries(
  settings: SidecarSettings,
  { randomBytes }: Pick<WorkContext, 'randomBytes'>,
): Promise<Canaries> {
  const word = `canary_${randomBytes(9).toString('hex')}`;
  const folders = [settings.home, settings.controlPath, settings.statePath, '/dev/shm'];
  await Promise.all(folders.map((folder) => writeFile(join(folder, word), '', { flag: 'wx' })));
  await asAdministrator(settings, async (connection) => {
    const statements = [
      `CREATE DATABASE ${word}`,
      `CREATE TABLE ${word}.t (id INT)`,
      `CREATE TRIGGER ${word}.${word} BEFORE INSERT ON ${word}.t FOR EACH ROW SET NEW.id = 1`,
      `CREATE EVENT ${word}.e ON SCHEDULE EVERY 1 DAY DO DELETE FROM ${word}.t`,
      `CREATE USER ${word}@localhost`,
      `GRANT SELECT ON ${word}.* TO ${word}@localhost`,
      `SET GLOBAL wait_timeout = ${STRANGE_TIMEOUT}`,
    ];
    for (const statement of statements) await connection.query(statement);
  });
  const signs = [word, `wait_timeout ${STRANGE_TIMEOUT}`];
  return {
    seenIn: (look) =>
      LOOK_SECTIONS.filter((section) =>
        (look[section] ?? []).some((line) => signs.some((sign) => line.includes(sign))),
      ),
  };
}
