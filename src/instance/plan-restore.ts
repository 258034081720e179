import { getHeapStatistics } from 'node:v8';
import type { Plan } from '../restore/plan/schema.ts';
import { planRestore, type PlannedRestore } from '../restore/plan/plan.ts';
import { tableNames } from '../restore/table-names.ts';
import { roomWithin } from '../restore/rows/room.ts';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { printable } from '../shared/format.ts';
import type { SiteInfo } from '../site/info.ts';
import { createSiteClient } from '../site/client.ts';
import { planMapping } from '../transfer/rewrite/plan.ts';
import { loadConfiguration } from './configuration.ts';
import { placesOf } from './places.ts';
import { loadOwnRows } from './own-rows.ts';
import type { InstanceContext, InstanceSite, PlanRestoreTask } from './types.ts';

/** The plan of a restore, made beside the clone. Throws what the site throws, and SOURCE_CHANGED. */
export async function planRestoreOf(
  site: InstanceSite,
  task: PlanRestoreTask,
  deps: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>,
  context: InstanceContext,
): Promise<Plan> {
  return (await restoreOf(site, task, deps, context)).plan;
}

/** The plan with the rows that it stands for. */
export async function restoreOf(
  site: InstanceSite,
  task: PlanRestoreTask,
  deps: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>,
  context: InstanceContext,
): Promise<PlannedRestore> {
  const { cloneId, cloneUrl, info } = await loadConfiguration(site.paths);
  const client = createSiteClient(task.access, { ...deps, retry: context.retry });
  const { kin } = task;
  if (kin === 'other') refuseUnlike(task, info);
  const names = tableNames(task.info.tablePrefix, info.tablePrefix);
  try {
    const planned = await planRestore({
      site,
      client: names.client(client),
      info: names.info(task.info),
      clone: { id: cloneId, url: cloneUrl },
      kin,
      room: roomWithin(getHeapStatistics().heap_size_limit),
      mapping: planMapping(kin === 'source' ? info : task.info, cloneUrl, site.paths.www),
      people: {
        own: await ownNumber(site),
        administrator: task.info.administrator?.toString(),
        travel: task.policy.include.includes('users'),
      },
      places: placesOf(info),
      policy: task.policy,
      traces: [site.paths.folder],
      version: task.version,
      now: deps.now,
      progress: (tables) => context.progress({ tables }),
      signal: context.signal,
    });
    return names.back(planned);
  } finally {
    await client.close();
  }
}

/** What lies elsewhere on another site, or is called otherwise, is not found there. Throws RESTORE_IMPOSSIBLE. */
function refuseUnlike({ info: live, policy }: PlanRestoreTask, clone: SiteInfo): void {
  const refuse = (why: string): never => {
    throw new WpcloneError('RESTORE_IMPOSSIBLE', `${printable(live.home)} cannot take what is in the clone: ${why}.`);
  };
  // The names of rights begin like those of tables.
  if (live.tablePrefix !== clone.tablePrefix && policy.include.some((each) => each === 'users' || each === 'roles'))
    refuse(
      `users and roles do not go there, since its tables begin with ${printable(live.tablePrefix)}, the clone's with ${printable(clone.tablePrefix)}`,
    );
  const [there, here] = [placesOf(live), placesOf(clone)];
  const { home: _, ...folders } = there;
  const other = Object.entries(folders).find(([name, place]) =>
    Object.entries(here).some(([each, at]) => each === name && at !== place),
  );
  if (other) refuse(`its folder ${printable(other[1])} lies elsewhere in the clone`);
}

/** The number of the clone's own administrator. */
async function ownNumber(site: InstanceSite): Promise<string | undefined> {
  const numbers = (await loadOwnRows(site.paths)).flatMap(({ values }) => values['ID'] ?? []);
  return numbers[0] === undefined ? undefined : String(numbers[0]);
}
