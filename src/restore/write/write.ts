import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import type { HostFacts, Receipt, Undone } from '../../site/write/answers.ts';
import type { WriteClient } from '../../site/write/client.ts';
import type { RestoreChanges } from '../changes.ts';
import { isCodePath } from '../code/code-paths.ts';
import { filesThere, sendFiles } from './files.ts';
import { sealsOf, stageParts } from './parts.ts';
import { type Staged, stagedRows } from './staged.ts';

type Work = Pick<WorkContext, 'signal'> & {
  /** The clone's document root; needed where there are files. */
  readonly www?: string;
  readonly progress?: (done: { readonly rows: number; readonly bytes: number }) => void;
};

/**
 * Brings changes to the site and has it check them. Nothing of the site is touched yet. What a failure or a cancellation leaves is
 * taken away by `finish`. Throws PROTECTED, DRIFT, DOES_NOT_FIT, FILES_STAY, GATE_BARRED, PLAN_OUTDATED, RESTORE_IMPOSSIBLE and what reaching a site throws.
 */
export async function stageChanges(client: WriteClient, changes: RestoreChanges, work: Work): Promise<HostFacts> {
  const staged = stagedRows(changes);
  let host = await client.begin(staged.shape, work.signal);
  if (host.objectCache === 'keeps')
    throw new WpcloneError(
      'RESTORE_IMPOSSIBLE',
      'The object cache of the live site still has what is in it after WordPress has emptied it, so that its pages would go on showing what was replaced.',
    );
  let [done, bytes] = [0, 0];
  const tell = (): void => work.progress?.({ rows: done, bytes });
  const brought = (rows: number): void => {
    done += rows;
    tell();
  };
  if (!(await sendParts(client, staged, changes, host.staged, { signal: work.signal, brought }))) {
    // Of an earlier attempt whose changes were others.
    host = await client.begin(staged.shape, work.signal, true);
    done = 0;
    await sendParts(client, staged, changes, undefined, { signal: work.signal, brought });
  }
  if (changes.files.some(({ path }) => isCodePath(path))) await client.tryGate(undefined, work.signal);
  const sent = (more: number): void => {
    bytes += more;
    tell();
  };
  await sendFiles(client, changes.files, {
    www: work.www ?? '',
    signal: work.signal,
    sent,
    had: filesThere(host.staged),
  });
  await client.seal(sealsOf(staged, changes.files), work.signal);
  return host;
}

interface Bringing {
  readonly signal: AbortSignal;
  /** Told of rows that are there. */
  readonly brought: (rows: number) => void;
}

/** Brings what is not there yet. False where something else is there under the same number. */
async function sendParts(
  client: WriteClient,
  staged: Staged,
  changes: RestoreChanges,
  there: HostFacts['staged'],
  { signal, brought }: Bringing,
): Promise<boolean> {
  const had = new Map(there?.parts);
  for (const { part, rows } of stageParts(staged, changes)) {
    const digest = had.get(part.part);
    if (digest !== undefined && digest !== part.sha256) return false;
    if (digest === undefined) await client.stage(part, signal);
    had.delete(part.part);
    brought(rows);
  }
  return had.size === 0;
}

/**
 * Has the site write what is staged, and count anew what it counts. Throws DRIFT; then nothing was written. Where only counting failed,
 * it throws SOURCE_FAILED, which says so.
 */
export async function applyStaged(client: WriteClient, signal: AbortSignal): Promise<Receipt> {
  const receipt = await client.apply(signal);
  await client.settle(signal).catch((error: unknown) => {
    const why = toWpcloneError(error).message;
    const message = `The rows were written, but the live site did not refresh what depends on them: ${why}`;
    throw new WpcloneError('SOURCE_FAILED', message, { cause: error });
  });
  return receipt;
}

/**
 * Takes back what a restore wrote, all of it or `only` some items: what was changed since is kept. Throws GATE_BARRED where code is among it;
 * then nothing was taken back.
 */
export async function undoApplied(
  client: WriteClient,
  only: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Undone> {
  await client.tryGate(only, signal);
  const undone = await client.undo(only, signal);
  await client.settle(signal);
  // Nothing is left to undo: nothing is left behind either.
  if (undone.state === 'undone') await client.finish(signal);
  return undone;
}

/** Ends a restore for good: no way back is kept. */
export async function acceptApplied(client: WriteClient, signal: AbortSignal): Promise<void> {
  await client.accept(signal);
  await client.finish(signal);
}
