import type { ReportingContext, WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import { count, printable } from '../shared/format.ts';
import { acceptApplied, undoApplied } from '../restore/write/write.ts';
import type { SourceAccess } from '../site/access.ts';
import type { SiteInfo } from '../site/info.ts';
import type { RestoreState, RestoreStatus, Undone } from '../site/write/answers.ts';
import { createWriteClient, type WriteClient } from '../site/write/client.ts';
import type { WriteKey } from '../site/write/signing.ts';
import { runPipeline, type Pipeline } from './pipeline.ts';

/** A live site that can be written to. */
export interface WriteConnection {
  readonly access: SourceAccess;
  readonly info: SiteInfo;
  readonly key: WriteKey;
  /** Where the restore stands; `new` when the site did not know it. */
  readonly state: RestoreState;
}

/** Logs in to a live site. */
export interface WritePort {
  connect(
    wanted: { readonly restore: string; readonly include: readonly string[] },
    context: ReportingContext,
  ): Promise<WriteConnection>;
}

/** Whether a restore in this state has written rows that are still there. */
export const isWritten = (state: RestoreState): state is 'applied' | 'partly' =>
  state === 'applied' || state === 'partly';

/** What a restore that wrote to its site is like now. */
export interface Written {
  readonly url: string;
  readonly status: RestoreStatus;
}

/**
 * Takes back what a restore wrote, all of it or `only` some items. What was changed since stays, and is named in `kept`. Throws
 * RESTORE_GONE when the site has nothing of it (any more).
 */
export async function undoRestore(
  { restore, only }: { readonly restore: string; readonly only: readonly string[] | undefined },
  port: WritePort,
  context: WorkContext,
): Promise<{ readonly url: string; readonly undone: Undone }> {
  return withWritten(restore, port, context, async (pipeline, client, url) => {
    const undone = await pipeline.step('undo', async ({ signal }) => {
      const value = await undoApplied(client, only, signal);
      const kept = new Set(value.kept.map(({ item }) => item)).size;
      const held = value.undone?.heldMilliseconds;
      const words = [
        `${count(value.undone?.items ?? 0)} undone`,
        ...(kept === 0 ? [] : [`${count(kept)} kept because of what came since`]),
        ...(held === undefined ? [] : [`held the site for ${held} ms`]),
      ];
      return { value, message: words.join(', ') };
    });
    return { url, undone };
  });
}

/** Drops what undoing a restore takes: from then on there is no way back. Throws RESTORE_GONE. */
export async function acceptRestore(
  restore: string,
  port: WritePort,
  context: WorkContext,
): Promise<{ readonly url: string }> {
  return withWritten(restore, port, context, async (pipeline, client, url) => {
    await pipeline.step('accept', async ({ signal }) => {
      await acceptApplied(client, signal);
      return { value: undefined, message: 'nothing of it is left behind' };
    });
    return { url };
  });
}

async function withWritten<T>(
  restore: string,
  port: WritePort,
  context: WorkContext,
  work: (pipeline: Pipeline, client: WriteClient, url: string) => Promise<T>,
): Promise<T> {
  return runPipeline(context, async (pipeline) => {
    const { access, key, state } = await pipeline.step('connect', async ({ work: reporting }) => {
      const value = await port.connect({ restore, include: [] }, reporting);
      return { value, message: printable(value.access.url) };
    });
    const client = createWriteClient(access, key, { ...context, retry: () => undefined });
    try {
      if (!isWritten(state) && state !== 'undone') {
        // The key made a restore of that name, or found one that wrote nothing: neither is to stay.
        await client.finish(context.signal);
        throw new WpcloneError('RESTORE_GONE', `${printable(access.url)} has nothing of ${restore} (any more).`);
      }
      const done = await work(pipeline, client, access.url);
      await giveUpKey(client, context);
      return done;
    } finally {
      await client.close();
    }
  });
}

/**
 * A key that nobody needs any more. Where the restore is over, it is gone already; one that wrote nothing goes with it, so that it is in
 * nobody's way.
 */
export async function giveUpKey(client: WriteClient, context: WorkContext): Promise<void> {
  try {
    await client.leave(context.signal).catch(async (error: unknown) => {
      if (!(error instanceof WpcloneError) || error.code !== 'SOURCE_CHANGED') throw error;
      await client.finish(context.signal);
    });
  } catch (error) {
    context.log.debug('the key of the restore was given up already', { error: String(error) });
  }
}
