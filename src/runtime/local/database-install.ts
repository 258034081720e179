import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { databaseFailure, lastError } from './database-failure.ts';
import type { DatabaseLayout } from './layout.ts';
import { runInGroup } from './process-group.ts';
import { findProgram, withSystemFolders } from './programs.ts';

/** Milliseconds. */
const LIMIT = 120_000;

/**
 * Makes the data folder of a new server, in a folder of its own that takes its place only when it is whole.
 * Its administrator is the operating system's user who runs this, by unix_socket until the first start gives them a password.
 * Throws MARIADB_MISSING, DATABASE_FAILED, DISK_FULL.
 */
export async function installDatabase(layout: DatabaseLayout, context: WorkContext): Promise<void> {
  const path = process.env['PATH'] ?? '';
  const installer = await findProgram('mariadb-install-db', path);
  if (installer === undefined) throw new WpcloneError('MARIADB_MISSING', 'mariadb-install-db is not installed.');
  const unfinished = `${layout.data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await rm(layout.data, { recursive: true, force: true });
  await mkdir(layout.folder, { recursive: true, mode: 0o700 });
  const options = [
    '--no-defaults',
    // Relative to the working folder: the installer is a shell script that does not bear blanks in it.
    `--datadir=./${basename(unfinished)}`,
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    '--auth-root-authentication-method=socket',
    `--auth-root-socket-user=${userInfo().username}`,
    '--skip-test-db',
    '--skip-name-resolve',
    '--innodb-log-file-size=8M',
    '--innodb-doublewrite=0',
    '--innodb-flush-log-at-trx-commit=0',
  ];
  // A server that starts removes what looks like temporary tables from its folder for them, also another server's.
  const env = { PATH: withSystemFolders(path), LC_ALL: 'C', TMPDIR: layout.temporary };
  const result = await runInGroup(installer, options, { env, cwd: layout.folder, limit: LIMIT }, context);
  if (result.code !== 0) {
    await rm(unfinished, { recursive: true, force: true });
    context.signal.throwIfAborted();
    // Where the next step says that more is to be found.
    await writeFile(layout.log, result.output, { mode: 0o600 }).catch(() => undefined);
    const said = lastError(result.output.split('\n'));
    throw databaseFailure(`The database could not be set up: ${said}`, result.output, layout);
  }
  await rename(unfinished, layout.data);
}
