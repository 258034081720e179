import { siteKey } from '../shared/site-address.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { counted, printable } from '../shared/format.ts';
import type { AppliedRestore } from '../instance/types.ts';
import { PROTECTED_CLASSES } from '../restore/merge/site-protects.ts';
import type { Agreed } from '../restore/plan/agreed.ts';
import type { Plan, PlanPolicy } from '../restore/plan/schema.ts';
import { undoApplied } from '../restore/write/write.ts';
import type { Runtime } from '../runtime/types.ts';
import { lookAtSource } from '../site/look-at-source.ts';
import type { Sight } from '../site/looks.ts';
import { createWriteClient, type WriteClient } from '../site/write/client.ts';
import type { SourcePort } from './clone.ts';
import { runPipeline } from './pipeline.ts';
import { giveUpKey, type WritePort } from './written.ts';

/** What is to go back, and to where. */
export interface RestoreWish {
  readonly cloneId: string;
  readonly policy: PlanPolicy;
  /** The version of this program. */
  readonly version: string;
}

/**
 * Compares a clone with the live site and says what would go back to it. Reads only; nobody resets or removes the clone meanwhile.
 * Throws NOT_THE_SOURCE when the live site is not the one that was cloned.
 */
export async function planRestoreOf(
  { cloneId, policy, version }: RestoreWish,
  source: SourcePort,
  runtime: Runtime,
  context: WorkContext,
): Promise<Plan> {
  const lease = await runtime.takeForRestore(cloneId, context);
  try {
    return await runPipeline(context, async (pipeline) => {
      pipeline.cancelWith(lease.lost);
      const { facts } = await runtime.get(cloneId, context);
      const { access, info } = await pipeline.step('connect', async ({ work }) => {
        const value = await source.connect(work);
        refuseAnother(value.info.home, facts.source.url);
        return { value, message: `${value.info.home} answers` };
      });
      return pipeline.step('plan', async (step) => {
        const value = await lease.instance.operations.planRestore({ access, info, policy, version }, step);
        const conflicts = value.conflicts === 0 ? '' : `, ${counted(value.conflicts, 'conflict')}`;
        return { value, message: `${counted(value.changes, 'change')}${conflicts}` };
      });
    });
  } finally {
    // The caller's signal may be spent, and it is a word to our own state.
    await lease.release({ ...context, signal: new AbortController().signal });
  }
}

/** The clone's addresses, keys and digests say nothing of another site. */
function refuseAnother(live: string, source: string): void {
  if (siteKey(new URL(live)) === siteKey(new URL(source))) return;
  throw new WpcloneError('NOT_THE_SOURCE', `${live} is not the site that was cloned, ${source}.`, {
    details: { source },
  });
}

/** What is to be written, and what a person has agreed to. */
export interface ApplyWish extends RestoreWish {
  readonly restore: string;
  readonly agreed: Agreed;
}

/** A restore that was applied. */
export interface Applied extends AppliedRestore {
  readonly url: string;
}

/**
 * Writes the rows of a clone that a person agreed to, in one transaction of the live site, and looks at its front page before and after:
 * when it breaks, what was written is taken back at once. Nobody resets or removes the clone meanwhile. Throws NOT_THE_SOURCE, PLAN_OUTDATED, RESTORE_CONFLICTS,
 * FILES_STAY, DRIFT, PROTECTED, DOES_NOT_FIT, RESTORE_IMPOSSIBLE, RESTORE_BROKE.
 */
export async function applyRestoreOf(
  { cloneId, policy, version, restore, agreed }: ApplyWish,
  port: WritePort,
  runtime: Runtime,
  context: WorkContext,
): Promise<Applied> {
  const lease = await runtime.takeForRestore(cloneId, context);
  try {
    return await runPipeline(context, async (pipeline) => {
      pipeline.cancelWith(lease.lost);
      const { facts } = await runtime.get(cloneId, context);
      const include = policy.include.filter(isProtectedClass);
      const { access, info, key } = await pipeline.step('connect', async ({ work }) => {
        const value = await port.connect({ restore, include }, work);
        return { value, message: `${printable(value.info.home)} answers` };
      });
      const client = createWriteClient(access, key, { ...context, retry: () => undefined });
      try {
        // Only now: the key is to be given up whatever is wrong.
        refuseAnother(info.home, facts.source.url);
        const before = await lookAtSource(access, info, pipeline.work);
        const applied = await pipeline.step('apply', async (step) => {
          const task = { access, info, policy, version, key, agreed };
          const value = await lease.instance.operations.applyRestore(task, step);
          return { value, message: appliedWords(value) };
        });
        await pipeline.step('verify', async ({ work, signal }) => {
          const after = await lookAtSource(access, info, work);
          if (broke(before.front, after.front)) await takeBack(client, printable(info.home), signal);
          return { value: undefined, message: 'the front page is as before' };
        });
        return { ...applied, url: access.url };
      } finally {
        await giveUpKey(client, { ...context, signal: new AbortController().signal });
        await client.close();
      }
    });
  } finally {
    await lease.release({ ...context, signal: new AbortController().signal });
  }
}

/** Always throws: RESTORE_BROKE when all of it was taken back, else SOURCE_FAILED, after which it can still be undone. */
async function takeBack(client: WriteClient, home: string, signal: AbortSignal): Promise<never> {
  const broken = `The front page of ${home} failed afterwards`;
  const { state } = await undoApplied(client, undefined, signal).catch((error: unknown) => {
    const why = toWpcloneError(error).message;
    throw new WpcloneError('SOURCE_FAILED', `${broken}, and what was written could not be taken back: ${why}`, {
      cause: error,
    });
  });
  if (state !== 'undone')
    throw new WpcloneError('SOURCE_FAILED', `${broken}, and not all that was written could be taken back.`);
  throw new WpcloneError('RESTORE_BROKE', `${broken}, so what was written was taken back.`);
}

function appliedWords({ receipt, items }: AppliedRestore): string {
  const { rows = {}, heldMilliseconds: held } = receipt.applied ?? {};
  const all = Object.values(rows).reduce((sum, number) => sum + number, 0);
  return `${counted(all, 'row')} of ${counted(items, 'thing')}${held === undefined ? '' : `, held the site for ${held} ms`}`;
}

/** Whether a page that was shown is an error now. One that could not be looked at says nothing. */
const broke = (before: Sight, after: Sight): boolean =>
  'status' in before && 'status' in after && before.status < 500 && after.status >= 500 && !after.wall;

const isProtectedClass = (word: string): boolean => PROTECTED_CLASSES.some((each) => each === word);
