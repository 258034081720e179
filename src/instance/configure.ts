import type { WorkContext } from '../shared/context.ts';
import type { Warning } from '../shared/events.ts';
import { allOrNothing } from '../shared/all-or-nothing.ts';
import { addAdministrator, dropSessions } from './administrator.ts';
import { onDatabase } from './clone-database.ts';
import { leftOutOfConfiguration, linkBesideDocumentRoot } from './configuration-files.ts';
import { putFrontController } from './front-controller.ts';
import { type Configuration, newConfiguration, saveConfiguration } from './configuration.ts';
import { loadOwnRows, putBackOwnRows, saveOwnRows } from './own-rows.ts';
import { hashPassword } from './password-hash.ts';
import { inWww, placesOf } from './places.ts';
import { describeDoings } from './ledger.ts';
import { setAside } from './set-aside.ts';
import { isOpened, openPhp, writeExpiry, writeSettings } from './settings.ts';
import type { ConfigureResult, ConfigureTask, InstanceSite } from './types.ts';
import { makeUserTables } from './user-tables.ts';
import { writeWpConfig } from './wp-config.ts';
import { copyWhole } from '../shared/whole-file.ts';
import { settleMarks } from '../transfer/table-files/mark.ts';
import { writeLedger } from '../transfer/origin/ledger.ts';
import { packagePath } from '../shared/package-root.ts';

/** Makes the copied files and tables a clone: own configuration, own administrator, harmless. From here on it is served. */
export async function configureInstance(
  site: InstanceSite,
  task: ConfigureTask,
  { now, randomBytes }: Pick<WorkContext, 'now' | 'randomBytes'>,
  signal: AbortSignal,
): Promise<ConfigureResult> {
  await settleMarks(site, signal);
  const configuration = newConfiguration(task, randomBytes);
  let moved: readonly string[] = [];
  let warnings: readonly Warning[] = [];
  const files = async (): Promise<void> => {
    moved = await configureFiles(site, configuration);
  };
  await allOrNothing(signal, (both) => [
    files(),
    onDatabase(site.database, both, async (connection) => {
      warnings = await makeUserTables(connection, task.info);
      await dropSessions(connection, task.info);
      const administrator = {
        username: task.admin.username,
        email: task.admin.email,
        passwordHash: hashPassword(task.admin.password, randomBytes),
        registered: new Date(now()).toISOString().slice(0, 19).replace('T', ' '),
      };
      const rows = await addAdministrator(connection, task.info, administrator, task.sourceUsername);
      await saveOwnRows(site.paths, rows);
    }),
    saveConfiguration(site.paths, configuration),
    ...(isOpened(task) ? [openPhp(site.paths, task)] : []),
  ]);
  await writeLedger(site.paths.baseline, await describeDoings(site.paths, task.info, moved));
  // Last: the router lets nobody in without it.
  await writeExpiry(site.paths, task.expiresAt);
  const aside = moved.length === 0 ? [] : [setAsideWarning(moved)];
  return { setAside: moved, warnings: [...warnings, ...aside, ...leftOutOfConfiguration(task.info)] };
}

/** The same after the baseline was put back: keys, salts and the administrator stay what they were. */
export async function configureAgain(
  site: InstanceSite,
  configuration: Configuration,
  signal: AbortSignal,
): Promise<void> {
  await settleMarks(site, signal);
  const rows = await loadOwnRows(site.paths);
  await allOrNothing(signal, (both) => [
    configureFiles(site, configuration),
    onDatabase(site.database, both, async (connection) => {
      await makeUserTables(connection, configuration.info);
      await dropSessions(connection, configuration.info);
      await putBackOwnRows(connection, rows);
    }),
  ]);
}

async function configureFiles(site: InstanceSite, configuration: Configuration): Promise<readonly string[]> {
  const { www } = site.paths;
  const moved = await setAside(site.paths, configuration.info);
  const plugin = packagePath('templates', 'instance', 'wpclone-instance.php');
  await Promise.all([
    writeSettings(site.paths, configuration),
    writeWpConfig(site, configuration),
    putFrontController(site, configuration),
    linkBesideDocumentRoot(site.paths, configuration.info),
    copyWhole(plugin, inWww(www, placesOf(configuration.info).muPlugins, 'wpclone-instance.php')),
  ]);
  return moved;
}

const setAsideWarning = (moved: readonly string[]): Warning => ({
  code: 'SET_ASIDE',
  message: `Set aside, because it only works at the host of the source: ${moved.join(', ')}`,
});
