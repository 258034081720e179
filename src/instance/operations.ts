import { mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkContext } from '../shared/context.ts';
import { removeTree } from '../shared/remove-tree.ts';
import { loadConfiguration } from './configuration.ts';
import { createLoginLink } from './login-links.ts';
import { listMail } from './mail.ts';
import { isOpened, writeExpiry } from './settings.ts';
import type { InstanceContext, InstanceOperations, InstanceSite } from './types.ts';
import { writeWhole } from '../shared/whole-file.ts';

export interface InstanceDependencies extends Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'> {
  /** Where the instance's web server is reached from here, such as http://127.0.0.1:8101. */
  readonly base: string;
  /** Ends the requests that still run in the clone before its files and tables are exchanged; PHP reads its settings anew. */
  readonly freeze: () => Promise<void>;
  /** Makes sure that the clone is served, also when `freeze` was never called. */
  readonly thaw: () => Promise<void>;
}

/** What can be asked of the instance whose folder and database are reached from this process. */
export function createInstanceOperations(site: InstanceSite, deps: InstanceDependencies): InstanceOperations {
  const { paths } = site;
  return {
    pullDatabase: async (task, context) => (await loadTransfer()).pullDatabase(site, task, deps, context),
    pullFiles: async (task, context) => {
      const result = await (await loadTransfer()).pullFiles(site, task, deps, context);
      const { compileCore } = await import('./compile-core.ts');
      await Promise.all([compileCore(deps.base, { ...deps, signal: context.signal }), loadWhatFollows()]);
      return result;
    },
    configure: async (task, context) => {
      const { configureInstance } = await loadConfigure();
      const result = await configureInstance(site, task, deps, context.signal);
      if (isOpened(task)) await deps.freeze().then(deps.thaw);
      return result;
    },
    verify: async (task, context) => {
      const [{ verifyInstance }, { notingNoise }] = await Promise.all([loadVerify(), loadNoise()]);
      const work = { sleep: deps.sleep, signal: context.signal };
      return notingNoise(site, work, () => verifyInstance(site, task, deps, context.signal));
    },
    planRestore: async (task, context) => (await import('./plan-restore.ts')).planRestoreOf(site, task, deps, context),
    applyRestore: async (task, context) =>
      (await import('./apply-restore.ts')).applyRestoreOf(site, task, deps, context),
    reset: (_task, context) => resetInstance(site, deps, context),
    createLoginLink: () => createLoginLink(paths, deps.randomBytes),
    setExpiry: (expiresAt) => writeExpiry(paths, expiresAt),
    listMail: (signal) => listMail(paths, signal),
    examine: async (signal) => (await import('./examine.ts')).examineInstance(site, signal),
  };
}

/** Loads the code of transfers, which most commands never need. */
export const loadTransfer = () => import('./pull.ts');

const loadConfigure = () => import('./configure.ts');
const loadVerify = () => import('./verify/verify.ts');
const loadNoise = () => import('./noise.ts');

/** Tables, and the keys of the last ones, most often come a little later than the files: what the next steps take is loaded meanwhile. */
const loadWhatFollows = () => Promise.all([loadConfigure(), loadVerify(), loadNoise()]);

/** Loads all that making a clone takes, for a process that waits for one: a sidecar, since every instance is made for a clone. */
export async function loadMaking(): Promise<void> {
  await Promise.all([loadTransfer(), import('./compile-core.ts'), loadWhatFollows()]);
}

/**
 * The marker keeps everybody out until all is back in place: a reset that was killed half-way is never shown as the clone,
 * and the next one starts from the baseline again.
 */
async function resetInstance(
  site: InstanceSite,
  deps: InstanceDependencies,
  context: InstanceContext,
): Promise<undefined> {
  const { paths } = site;
  const configuration = await loadConfiguration(paths);
  const frozen = join(paths.run, 'frozen');
  await writeWhole(frozen, '');
  // A clone's own code may have taken it away.
  await mkdir(paths.www, { recursive: true });
  await deps.freeze();
  try {
    await (await loadTransfer()).resetToBaseline(site, context);
    const { configureAgain } = await loadConfigure();
    await configureAgain(site, configuration, context.signal);
    await Promise.all([emptyFolder(join(paths.run, 'logins')), emptyFolder(paths.mail)]);
    await unlink(frozen);
  } finally {
    await deps.thaw();
  }
}

async function emptyFolder(folder: string): Promise<void> {
  const names = await readdir(folder);
  await Promise.all(names.map((name) => removeTree(join(folder, name))));
}
