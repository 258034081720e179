import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration } from '../instance/configuration.ts';
import { prepareInstance } from '../instance/settings.ts';
import { createInstanceOperations, loadMaking } from '../instance/operations.ts';
import { renewDatabasePassword } from '../instance/wp-config.ts';
import type { InstanceSite } from '../instance/types.ts';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { checkDatabase, databaseIncarnation } from './database.ts';
import { openAssignments } from './assignment.ts';
import { openEpochs } from './epochs.ts';
import { createJobs } from './jobs.ts';
import { survivingDatabase } from './surviving-database.ts';
import { createSidecarServer } from './server.ts';
import { readSecret, type SidecarSettings } from './settings.ts';
import { spreadDocumentRoot } from './spread.ts';
import { keepingTables, keepTables, tableFilesPlace } from './table-files.ts';
import { survivingWeb } from './surviving-web.ts';
import { openTenancy } from './tenancy/tenancy.ts';
import { createWebContainer } from './web.ts';

export type SidecarWork = Pick<WorkContext, 'signal' | 'now' | 'sleep' | 'randomBytes' | 'log'>;

/** Serves until the signal aborts; then ends what is running and tells its watchers why. */
export async function runSidecar(settings: SidecarSettings, version: string, work: SidecarWork): Promise<void> {
  const site = siteOf(settings);
  const leaving = new AbortController();
  const signal = AbortSignal.any([work.signal, leaving.signal]);
  const web = createWebContainer(settings.controlPath, settings.webUrl, work);
  let stopWork: (reason: WpcloneError) => Promise<void> = () => Promise.resolve();
  const tenancy = openTenancy({ settings, paths: site.paths, web, stopWork: (reason) => stopWork(reason), work });
  // What a clone has left is not touched but to be taken away.
  if (!(await tenancy.isBetween()))
    await Promise.all([spreadDocumentRoot(site.paths, work), prepareInstance(site.paths)]);
  const surviving = survivingDatabase(
    survivingWeb(
      createInstanceOperations(site, {
        ...work,
        base: settings.webUrl,
        freeze: () => web.stopPhp(),
        thaw: () => web.startPhp(),
      }),
      () => web.check(),
      work,
    ),
    () => databaseIncarnation(settings),
    work,
  );
  const keep = async (stop: AbortSignal): Promise<void> => {
    if (!(await tenancy.isBetween())) await keepTables(site, work.log, AbortSignal.any([stop, signal]));
  };
  const operations = keepingTables(surviving, keep);
  const knowPassword = passwordKeeper(site);
  const jobs = createJobs(operations, work);
  stopWork = async (reason) => {
    await jobs.stop(reason);
    // What is written to the database's volume after its server has ended would be left there.
    await operations.giveWay();
  };
  const server = createSidecarServer({
    tenancy,
    operations,
    jobs,
    epochs: await openEpochs(join(settings.statePath, 'epoch')),
    assignments: await openAssignments(join(settings.statePath, 'assignment'), web),
    log: work.log,
    sleep: work.sleep,
    version,
    token: () => readSecret(settings, 'token'),
    leave: () => leaving.abort(),
    ready: async () => {
      if (await tenancy.isBetween()) throw new WpcloneError('SERVER_FAILED', 'It is between two clones.');
      await Promise.all([checkDatabase(settings, work.log), web.check()]);
      await knowPassword();
    },
  });

  await server.listen({ host: anyAddress(), port: settings.port });
  work.log.info('listening', { port: settings.port, version });
  // Every instance is made for a clone: the code of that is loaded while the database still starts.
  await loadMaking();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await jobs.stop(new WpcloneError('INSTANCE_LOST', 'The pod was stopped in the middle of the work.'));
  await server.close();
}

/** The kubelet asks at the pod's own address, which on some clusters is an IPv6 one only; `::` stands for both kinds. */
const anyAddress = (): string =>
  Object.values(networkInterfaces()).some((own) => own?.some(({ family }) => family === 'IPv6')) ? '::' : '0.0.0.0';

/** A finished clone's wp-config.php holds the database's password too: it follows the Secret. */
function passwordKeeper(site: InstanceSite): () => Promise<void> {
  let known: string | undefined;
  return async () => {
    const { password } = site.database;
    if (password === known) return;
    const configuration = await loadConfiguration(site.paths).catch(() => undefined);
    if (configuration !== undefined) await renewDatabasePassword(site, configuration.info);
    known = password;
  };
}

function siteOf(settings: SidecarSettings): InstanceSite {
  const tableFiles = tableFilesPlace(settings);
  const { home, socketPath, database, databaseUser, releasesPath: releases } = settings;
  return {
    paths: {
      folder: home,
      www: join(home, 'www'),
      mail: join(home, 'mail'),
      baseline: join(home, 'baseline'),
      run: join(home, 'run'),
    },
    database: {
      socketPath,
      user: databaseUser,
      database,
      // Read anew each time: the Secret may be changed while the pod lives.
      get password() {
        return readSecret(settings, 'database-password');
      },
    },
    releases,
    ...(tableFiles === undefined ? {} : { tableFiles }),
  };
}
