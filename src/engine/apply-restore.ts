import type { WorkContext } from '../shared/context.ts';
import { counted, printable } from '../shared/format.ts';
import type { AppliedRestore } from '../instance/types.ts';
import { PROTECTED_CLASSES } from '../restore/merge/site-protects.ts';
import type { Agreed } from '../restore/plan/agreed.ts';
import { NO_OUTCOME } from '../restore/plan/outcome.ts';
import type { Runtime } from '../runtime/types.ts';
import type { RestoreLease } from '../runtime/leases.ts';
import { createWriteClient, type WriteClient } from '../site/write/client.ts';
import { type Pipeline, runPipeline } from './pipeline.ts';
import { notAsked, type OpenedRestore, whatBecame } from './restore-failed.ts';
import { kinOf, type RestoreWish } from './restore.ts';
import { lookAtLive, verifyLive } from './verify-live.ts';
import { giveUpKey, isWritten, type WritePort } from './written.ts';

/** What is to be written, and what a person has agreed to; null: to whatever there is to bring back. */
export interface ApplyWish extends RestoreWish {
  readonly restore: string;
  readonly agreed: Agreed | null;
  /** An earlier attempt, which did not come to its end, may have written it. */
  readonly goesOn?: boolean;
}

/** A restore that was applied. */
export interface Applied extends AppliedRestore {
  readonly url: string;
  /** It was found applied: by an attempt that was cut off before it had looked at the site afterwards. */
  readonly found: boolean;
  /** What pages do otherwise than before, in words. */
  readonly differences: readonly string[];
}

/**
 * Writes the rows of a clone that a person agreed to, in one transaction of the live site, and looks at the site before and after:
 * when it breaks, what was written is taken back at once, and so it is after a cancellation. A restore that an earlier attempt has
 * applied already is not applied again. Nobody resets or removes the clone meanwhile. Throws NOT_THE_SOURCE, PLAN_OUTDATED,
 * RESTORE_CONFLICTS, FILES_STAY, DRIFT, PROTECTED, DOES_NOT_FIT, RESTORE_IMPOSSIBLE, RESTORE_BROKE; the detail `uncertain` says that
 * something may have been written.
 */
export async function applyRestoreOf(
  wish: ApplyWish,
  port: WritePort,
  runtime: Runtime,
  context: WorkContext,
): Promise<Applied> {
  const unasked = (error: unknown): unknown => (wish.goesOn === true ? notAsked(error, wish.restore) : error);
  const lease = await runtime.takeForRestore(wish.cloneId, context).catch((error: unknown) => {
    throw unasked(error);
  });
  const unstoppable = { ...context, signal: new AbortController().signal };
  let opened: OpenedRestore | undefined;
  try {
    return await runPipeline(context, (pipeline) =>
      carryOut(wish, { port, runtime, lease, opened: (client) => (opened = client) }, pipeline, context),
    );
  } catch (error) {
    throw opened === undefined ? unasked(error) : await whatBecame(error, opened, context);
  } finally {
    if (opened !== undefined) {
      await giveUpKey(opened.client, unstoppable);
      await opened.client.close();
    }
    await lease.release(unstoppable);
  }
}

/** Milliseconds that no clock of a cluster is ahead of another. */
const AHEAD = 24 * 60 * 60 * 1000;

interface Parts {
  readonly port: WritePort;
  readonly runtime: Runtime;
  readonly lease: RestoreLease;
  /** From here on the site may know of the restore. */
  readonly opened: (restore: OpenedRestore) => void;
}

async function carryOut(
  wish: ApplyWish,
  { port, runtime, lease, opened }: Parts,
  pipeline: Pipeline,
  context: WorkContext,
): Promise<Applied> {
  const { cloneId, policy, version, restore, agreed } = wish;
  pipeline.cancelWith(lease.lost);
  const { facts } = await runtime.get(cloneId, context);
  const include = policy.include.filter(isProtectedClass);
  // Before it was made: it is no younger than that.
  const keyed = context.now();
  const { access, info, key, state } = await pipeline.step('connect', async ({ work }) => {
    const value = await port.connect({ restore, include }, work);
    return { value, message: `${printable(value.info.home)} answers` };
  });
  // A pod that is cancelled is not waited for: it has the same key, maybe a clock that is ahead of ours, and nothing to say any more.
  const client = createWriteClient(access, key, { ...context, retry: () => undefined, ahead: AHEAD });
  // Only now: the key is to be given up whatever is wrong.
  opened({ client, restore, keyed });
  const kin = kinOf(wish, info.home, facts.source.url);
  if (isWritten(state)) {
    const value = await pipeline.step('apply', async ({ signal }) => {
      const applied = await foundApplied(client, signal);
      return { value: applied, message: `${appliedWords(applied)}, by an attempt that was cut off` };
    });
    return { ...value, url: access.url, found: true, differences: [] };
  }
  const before = await lookAtLive({ access, info }, agreed?.items.map(({ id }) => id) ?? [], pipeline.work);
  const applied = await pipeline.step('apply', async (step) => {
    const task = { access, info, kin, policy, version, key, agreed };
    const value = await lease.instance.operations.applyRestore(task, step);
    return { value, message: appliedWords(value) };
  });
  const written = isWritten(applied.receipt.state);
  const isGated = applied.receipt.applied?.gateMilliseconds !== undefined;
  const differences = written ? await verifyLive({ access, info, before, client, isGated }, pipeline) : [];
  return { ...applied, url: access.url, found: false, differences };
}

async function foundApplied(client: WriteClient, signal: AbortSignal): Promise<AppliedRestore> {
  const { state, applied, undone, items = [] } = await client.status(true, signal);
  await client.settle(signal);
  const receipt = { state, ...(applied && { applied }), ...(undone && { undone }) };
  // Which of them were new is not known any more.
  const replaced = items.map(({ item, title }) => ({ id: item, title }));
  const outcome = { ...NO_OUTCOME, replaced };
  return { receipt, items: items.length, triggers: [], outcome };
}

function appliedWords({ receipt, items }: AppliedRestore): string {
  const { rows = {}, files = 0, heldMilliseconds: held, gateMilliseconds: gate } = receipt.applied ?? {};
  const all = Object.values(rows).reduce((sum, number) => sum + number, 0);
  const withFiles = files === 0 ? '' : ` and ${counted(files, 'file')}`;
  return `${counted(all, 'row')}${withFiles} of ${counted(items, 'thing')}${held === undefined ? '' : `, held the site for ${held} ms`}${gate === undefined ? '' : `, visitors waited for ${gate} ms`}`;
}

const isProtectedClass = (word: string): boolean => PROTECTED_CLASSES.some((each) => each === word);
