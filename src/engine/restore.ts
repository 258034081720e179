import { siteKey } from '../shared/site-address.ts';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { counted } from '../shared/format.ts';
import type { Kin } from '../restore/kin.ts';
import type { Plan, PlanPolicy } from '../restore/plan/schema.ts';
import type { Runtime } from '../runtime/types.ts';
import { lookAtSource } from '../site/look-at-source.ts';
import type { SourceLooks } from '../site/looks.ts';
import type { SourcePort } from './clone.ts';
import { runPipeline } from './pipeline.ts';

/** What is to go back, and to where. */
export interface RestoreSpec {
  readonly cloneId: string;
  /** Its site was named: it may be another than the one that was cloned. */
  readonly isNamed?: boolean;
  /** Its site is a fresh copy of the one that was cloned. */
  readonly isCopy?: boolean;
  readonly policy: PlanPolicy;
  /** The version of this program. */
  readonly version: string;
}

/**
 * Compares a clone with the live site and says what would go back to it. Reads only; nobody resets or removes the clone meanwhile.
 * Throws NOT_THE_SOURCE when the live site is not the one that was cloned.
 */
export async function planRestoreOf(
  spec: RestoreSpec,
  source: SourcePort,
  runtime: Runtime,
  context: WorkContext,
): Promise<Plan> {
  const { cloneId, policy, version } = spec;
  const lease = await runtime.takeForRestore(cloneId, context);
  try {
    return await runPipeline(context, async (pipeline) => {
      pipeline.cancelWith(lease.lost);
      const { facts } = await runtime.get(cloneId, context);
      const { access, info } = await pipeline.step('connect', async ({ work }) => {
        const value = await source.connect(work);
        kinOf(spec, value.info.home, facts.source.url);
        return { value, message: `${value.info.home} answers` };
      });
      const kin = kinOf(spec, info.home, facts.source.url);
      return pipeline.step('plan', async (step) => {
        const [plan, looks] = await Promise.all([
          lease.instance.operations.planRestore({ access, info, kin, policy, version }, step),
          lookAtSource(access, info, step.work),
        ]);
        const value = { ...plan, notes: [...plan.notes, ...cacheNotes(looks)] };
        const conflicts = value.conflicts === 0 ? '' : `, ${counted(value.conflicts, 'conflict')}`;
        return { value, message: `${counted(value.changes, 'change')}${conflicts}` };
      });
    });
  } finally {
    // The caller's signal may be spent, and it is a word to our own state.
    await lease.release({ ...context, signal: new AbortController().signal });
  }
}

/** Whoever agrees to a plan is to know that visitors may not see at once what it changes. */
function cacheNotes({ front }: SourceLooks): string[] {
  const cache = 'cache' in front ? front.cache : undefined;
  return cache === undefined
    ? []
    : [`The live site keeps its pages in a cache (${cache}): visitors may see what was replaced until it is emptied.`];
}

/**
 * What the live site is to the clone. Another site than the one that was cloned has to be named: where that one leads to another by now, its
 * addresses and digests say nothing of that. Throws NOT_THE_SOURCE.
 */
export function kinOf({ isNamed, isCopy }: Pick<RestoreSpec, 'isNamed' | 'isCopy'>, live: string, source: string): Kin {
  if (isCopy) return 'copy';
  if (siteKey(new URL(live)) === siteKey(new URL(source))) return 'source';
  if (isNamed) return 'other';
  throw new WpcloneError('NOT_THE_SOURCE', `${live} is not the site that was cloned, ${source}.`, {
    details: { source },
  });
}
