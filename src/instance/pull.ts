import { createSiteClient } from '../site/client.ts';
import { importDatabase, importFiles, resetDatabase, resetFiles, type TransferInput } from '../transfer/transfer.ts';
import { allOrNothing } from '../shared/all-or-nothing.ts';
import { forgetBrought } from '../transfer/origin/brought.ts';
import { planMapping } from '../transfer/rewrite/plan.ts';
import { createRewriter } from '../transfer/rewrite/rewriter.ts';
import type { WorkContext } from '../shared/context.ts';
import type { DatabaseResult, FilesResult, InstanceContext, InstanceSite, PullTask } from './types.ts';

type PullDependencies = Pick<WorkContext, 'now' | 'sleep' | 'randomBytes'>;

/** Tables from the source into the instance's database. Throws what importDatabase throws. */
export function pullDatabase(
  site: InstanceSite,
  task: PullTask,
  deps: PullDependencies,
  context: InstanceContext,
): Promise<DatabaseResult> {
  return withSource(site, task, deps, context, importDatabase);
}

/** Files from the source into the instance's document root. Throws what importFiles throws. */
export function pullFiles(
  site: InstanceSite,
  task: PullTask,
  deps: PullDependencies,
  context: InstanceContext,
): Promise<FilesResult> {
  return withSource(site, task, deps, context, importFiles);
}

async function withSource<T>(
  site: InstanceSite,
  task: PullTask,
  deps: PullDependencies,
  context: InstanceContext,
  transfer: (input: TransferInput) => Promise<T>,
): Promise<T> {
  const rewriter = createRewriter(planMapping(task.info, task.cloneUrl, site.paths.www));
  const client = createSiteClient(task.access, { ...deps, retry: context.retry });
  try {
    return await transfer({ client, task, site, rewriter, context, now: deps.now, randomBytes: deps.randomBytes });
  } finally {
    await client.close();
  }
}

/** Database and files as they were the moment they were copied. */
export async function resetToBaseline(site: InstanceSite, context: InstanceContext): Promise<void> {
  // First: a clone that is as it was made, and knew that something was brought, would want to take that back.
  await forgetBrought(site.paths.baseline);
  await allOrNothing(context.signal, (signal) => {
    const work = { ...context, signal };
    return [resetDatabase(site, work), resetFiles(site, work)];
  });
}
