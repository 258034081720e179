import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { printable } from '../shared/format.ts';
import { undoApplied } from '../restore/write/write.ts';
import type { SourceAccess } from '../site/access.ts';
import type { SiteInfo } from '../site/info.ts';
import { lookAtSource } from '../site/look-at-source.ts';
import type { Sight, SourceLooks } from '../site/looks.ts';
import type { WriteClient } from '../site/write/client.ts';
import type { Pipeline } from './pipeline.ts';

/** A live site that was just written to. */
export interface WrittenSite {
  readonly access: SourceAccess;
  readonly info: SiteInfo;
  readonly before: SourceLooks;
  readonly client: WriteClient;
}

/** Looks at the site as it was looked at before; what broke it is taken back at once. Throws RESTORE_BROKE. */
export async function verifyLive({ access, info, before, client }: WrittenSite, pipeline: Pipeline): Promise<void> {
  await pipeline.step('verify', async ({ work, signal }) => {
    const after = await lookAtSource(access, info, work);
    if (broke(before.front, after.front)) await takeBack(client, printable(info.home), signal);
    return { value: undefined, message: 'the front page is as before' };
  });
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

/** Whether a page that was shown is an error now. One that could not be looked at says nothing. */
const broke = (before: Sight, after: Sight): boolean =>
  'status' in before && 'status' in after && before.status < 500 && after.status >= 500 && !after.wall;
