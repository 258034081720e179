import { withTimeout } from '../shared/abortable.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { printable } from '../shared/format.ts';
import { undoApplied } from '../restore/write/write.ts';
import type { SiteInfo } from '../site/info.ts';
import type { WriteClient } from '../site/write/client.ts';
import { isWritten } from './written.ts';

/** Milliseconds in which the site has to say what became of a restore that failed. */
const LIMIT = 60_000;

/** A restore that its site may know of. */
export interface OpenedRestore {
  readonly restore: string;
  readonly client: WriteClient;
  /** What the site says of its restores to whoever may read it; undefined where it says nothing of them. */
  readonly known: (signal: AbortSignal) => Promise<SiteInfo['restores']>;
}

/**
 * The error of a restore that failed or was cancelled, once it is known what became of it at the site: what a cancelled one wrote is taken
 * back. Where something of it is there, or nobody can tell, the error says so and has the detail `uncertain`. Another attempt of the same
 * job finds out by itself.
 */
export async function settleFailure(
  thrown: unknown,
  opened: OpenedRestore,
  context: WorkContext,
): Promise<WpcloneError> {
  const { restore } = opened;
  const error = toWpcloneError(thrown);
  if (error.code === 'RELEASED' || error.code === 'LEASE_LOST') return uncertain(error, restore, 'may have been');
  const late = new WpcloneError('CANCELLED', 'The site takes too long to say what became of the restore.');
  const cancelled = context.signal.aborted;
  const unstoppable = { ...context, signal: new AbortController().signal };
  try {
    const found = await withTimeout(LIMIT, unstoppable, late, (signal) => find(opened, cancelled, context, signal));
    const told = found.lost.length === 0 ? error : withLost(error, found.lost);
    return found.left ? uncertain(told, restore, 'were') : told;
  } catch (unknown) {
    context.log.debug('what became of a restore is not known', { restore, error: toWpcloneError(unknown).message });
    return uncertain(error, restore, 'may have been');
  }
}

interface Found {
  /** Whether rows of it are written now. */
  readonly left: boolean;
  /** Files that could not be put back. */
  readonly lost: readonly string[];
}

async function find(opened: OpenedRestore, undoes: boolean, context: WorkContext, signal: AbortSignal): Promise<Found> {
  const { client } = opened;
  const status = await client.status(false, signal).catch((error: unknown) => refusedFor(error, opened, signal));
  if ('left' in status) return status;
  const { state, lost = [] } = status;
  if (!isWritten(state)) {
    try {
      await client.finish(signal);
      return { left: false, lost };
    } catch (error) {
      // It was being applied meanwhile.
      if (toWpcloneError(error).code !== 'SOURCE_CHANGED') throw error;
    }
  }
  if (!undoes) return { left: true, lost };
  context.emit({ type: 'undo', step: 'apply', message: 'taking back what was written' });
  return { left: (await undoApplied(client, undefined, signal)).state !== 'undone', lost };
}

/**
 * With a restore that wrote nothing, or was undone, its key goes. One that is too old, or that made way for that of another restore, is
 * refused alike, whatever was written with it.
 */
async function refusedFor(error: unknown, { restore, known }: OpenedRestore, signal: AbortSignal): Promise<Found> {
  if (toWpcloneError(error).code !== 'SIGNATURE_REFUSED') throw error;
  const restores = await known(signal);
  if (restores === undefined) throw error;
  const state = restores.find(({ id }) => id === restore)?.state;
  // One that is not written may be, as long as nobody has ended it.
  if (state !== undefined && !isWritten(state)) throw error;
  return { left: state !== undefined, lost: [] };
}

/** What kept an attempt from asking the site: what an earlier one, of which it goes on, has written there is not known. */
export const uncertainFailure = (thrown: unknown, restore: string): WpcloneError =>
  uncertain(toWpcloneError(thrown), restore, 'may have been');

const TOLD = 5;

function withLost(error: WpcloneError, lost: readonly string[]): WpcloneError {
  const names = lost.slice(0, TOLD).map((path) => printable(path).slice(0, 80));
  const more = lost.length > TOLD ? ` and ${lost.length - TOLD} more` : '';
  const message = `${error.message} What these files held before is gone, because somebody cleared the folder of the restore: ${names.join(', ')}${more}.`;
  return new WpcloneError(error.code, message, { details: error.details, cause: error, retryable: false });
}

/** Whoever reads it has to know how to find out, and how to take it back. */
function uncertain(error: WpcloneError, restore: string, were: 'were' | 'may have been'): WpcloneError {
  const way = were === 'were' ? 'takes them back' : 'finds out, and takes them back';
  return new WpcloneError(
    error.code,
    `${error.message} Rows ${were} written: "wpclone restore undo ${restore}" ${way}.`,
    {
      details: { ...error.details, uncertain: true },
      cause: error,
      nextSteps: error.nextSteps,
      retryable: error.retryable,
      retryAfter: error.retryAfter,
    },
  );
}
