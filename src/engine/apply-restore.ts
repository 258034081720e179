import type { ReportingContext, WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { counted, printable } from '../shared/format.ts';
import type { AppliedRestore } from '../instance/types.ts';
import { PROTECTED_CLASSES } from '../restore/merge/site-protects.ts';
import type { Agreed } from '../restore/plan/agreed.ts';
import { NO_OUTCOME } from '../restore/plan/outcome.ts';
import type { Runtime } from '../runtime/types.ts';
import type { RestoreLease } from '../runtime/leases.ts';
import type { SourceAccess } from '../site/access.ts';
import { createSiteClient } from '../site/client.ts';
import type { SiteInfo } from '../site/info.ts';
import { createWriteClient, type WriteClient } from '../site/write/client.ts';
import { type Pipeline, runPipeline } from './pipeline.ts';
import { uncertainFailure, type OpenedRestore, settleFailure } from './restore-failed.ts';
import { kinOf, type RestoreSpec } from './restore.ts';
import { lookAtLive, verifyLive } from './verify-live.ts';
import { giveUpKey, isWritten, type WriteConnection, type WritePort } from './written.ts';

/** What is to be written, and what a person has agreed to; null: to whatever there is to bring back. */
export interface ApplySpec extends RestoreSpec {
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
  spec: ApplySpec,
  port: WritePort,
  runtime: Runtime,
  context: WorkContext,
): Promise<Applied> {
  const failedEarly = (error: unknown): unknown =>
    spec.goesOn === true ? uncertainFailure(error, spec.restore) : error;
  const lease = await runtime.takeForRestore(spec.cloneId, context).catch((error: unknown) => {
    throw failedEarly(error);
  });
  const unstoppable = { ...context, signal: new AbortController().signal };
  let opened: OpenedRestore | undefined;
  try {
    return await runPipeline(context, (pipeline) =>
      carryOut(spec, { port, runtime, lease, opened: (client) => (opened = client) }, pipeline, context),
    );
  } catch (error) {
    throw opened === undefined ? failedEarly(error) : await settleFailure(error, opened, context);
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
  spec: ApplySpec,
  { port, runtime, lease, opened }: Parts,
  pipeline: Pipeline,
  context: WorkContext,
): Promise<Applied> {
  const { cloneId, policy, version, agreed } = spec;
  pipeline.cancelWith(lease.lost);
  const { facts } = await runtime.get(cloneId, context);
  const logIn = (work: ReportingContext): Promise<Keyed> => openSite(spec, port, opened, work, context);
  const first = await pipeline.step('connect', async ({ work }) => {
    const value = await logIn(work);
    return { value, message: `${printable(value.info.home)} answers` };
  });
  const kin = kinOf(spec, first.info.home, facts.source.url);
  if (isWritten(first.state)) {
    const value = await pipeline.step('apply', async ({ signal }) => {
      const applied = await foundApplied(first.client, signal);
      return { value: applied, message: `${appliedWords(applied)}, by an attempt that was cut off` };
    });
    return { ...value, url: first.access.url, found: true, differences: [] };
  }
  const before = await lookAtLive(first, agreed?.items.map(({ id }) => id) ?? [], pipeline.work);
  const { applied, site } = await pipeline.step('apply', async (step) => {
    const write = ({ access, info, key }: Keyed): Promise<AppliedRestore> =>
      lease.instance.operations.applyRestore({ access, info, kin, policy, version, key, agreed }, step);
    const value = await withFreshKeys(first, logIn, write, step.work);
    return { value, message: appliedWords(value.applied) };
  });
  const { access, info, client } = site;
  const written = isWritten(applied.receipt.state);
  const isGated = applied.receipt.applied?.gateMilliseconds !== undefined;
  const differences = written ? await verifyLive({ access, info, before, client, isGated }, pipeline) : [];
  return { ...applied, url: access.url, found: false, differences };
}

/** A live site, with a key that writes to it and a client that has that key. */
interface Keyed extends WriteConnection {
  readonly client: WriteClient;
  /** No later than the key was made. */
  readonly keyed: number;
}

async function openSite(
  { restore, policy }: ApplySpec,
  port: WritePort,
  opened: Parts['opened'],
  work: ReportingContext,
  context: WorkContext,
): Promise<Keyed> {
  const keyed = context.now();
  const connection = await port.connect({ restore, include: policy.include.filter(isProtectedClass) }, work);
  // A pod that is cancelled is not waited for: it has the same key, maybe a clock that is ahead of ours, and nothing to say any more.
  const client = createWriteClient(connection.access, connection.key, {
    ...context,
    retry: () => undefined,
    ahead: AHEAD,
  });
  // Only now: the key is to be given up whatever is wrong.
  opened({ client, restore, known: (signal) => knownRestores(connection.access, context, signal) });
  return { ...connection, client, keyed };
}

async function knownRestores(
  access: SourceAccess,
  context: WorkContext,
  signal: AbortSignal,
): Promise<SiteInfo['restores']> {
  const reader = createSiteClient(access, { ...context, retry: () => undefined });
  try {
    return (await reader.info(signal)).restores;
  } finally {
    await reader.close();
  }
}

/** How often a key that ran out is replaced: each is good for half an hour. */
const MOST_KEYS = 8;

/** Milliseconds after which a key may have run out. One that is refused sooner once more was not refused for its age. */
const KEY_YOUNG = 60_000;

/**
 * Writes, and logs in anew where the key runs out before all of it was brought: what the site has by then stays, and is not brought twice.
 */
async function withFreshKeys(
  first: Keyed,
  logIn: (work: ReportingContext) => Promise<Keyed>,
  write: (site: Keyed) => Promise<AppliedRestore>,
  work: ReportingContext,
): Promise<{ readonly applied: AppliedRestore; readonly site: Keyed }> {
  let site = first;
  for (let keys = 1; ; keys += 1) {
    try {
      return { applied: await write(site), site };
    } catch (error) {
      const isOld = keys === 1 || work.now() - site.keyed > KEY_YOUNG;
      if (toWpcloneError(error).code !== 'SIGNATURE_REFUSED' || !isOld || keys >= MOST_KEYS) throw error;
    }
    work.signal.throwIfAborted();
    work.retry?.('The key to write has run out: logging in anew.', 0);
    const { client } = site;
    site = await logIn(work);
    await client.close();
    // The last that it was asked for was done, although nobody heard of it.
    if (isWritten(site.state)) return { applied: await foundApplied(site.client, work.signal), site };
  }
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
