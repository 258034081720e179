import { z } from 'zod';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { jsonIn } from '../../json-in.ts';
import { PROTOCOL } from '../../protocol.ts';
import { restoreStateSchema, type RestoreState } from '../../write/answers.ts';
import { newWriteKeys, type WriteKey } from '../../write/signing.ts';
import { type Admin, openAdminPage } from '../login/admin.ts';
import { parsePage, plainWords } from '../visit/page.ts';
import { pairingPoint } from './pairing-point.ts';
import { sayToPlugin } from './say-to-plugin.ts';
import { PLUGIN_FOLDER } from './zip.ts';

const keptSchema = z.object({
  success: z.literal(true),
  data: z.object({ state: restoreStateSchema, time: z.number(), protocol: z.literal(PROTOCOL) }),
});
const refusedSchema = z.object({
  success: z.literal(false),
  data: z.object({ code: z.string(), message: z.string().optional() }),
});

/** For which restore a key is wanted, and what of the protected classes it may write. */
export interface WantedKey {
  readonly restore: string;
  readonly include: readonly string[];
}

/** A key, and where its restore stands: `new` when the site did not know it. */
export interface RestoreKey {
  readonly key: WriteKey;
  readonly state: RestoreState;
}

/**
 * Makes a pair of keys and gives the site the public half, as the administrator who has just logged in. The private one is never
 * sent. Throws RESTORE_IMPOSSIBLE, RESTORE_UNDER_WAY, PLUGIN_INSTALL_FAILED.
 */
export async function restoreKey(
  admin: Admin,
  wanted: WantedKey,
  { now }: Pick<WorkContext, 'now'>,
): Promise<RestoreKey> {
  const page = await openAdminPage(admin, `tools.php?page=${PLUGIN_FOLDER}`);
  const nonce = parsePage(page)('#wpclone-restore').attr('data-nonce');
  const point = pairingPoint(page);
  if (nonce === undefined || !point) throw withoutKey('its page has no place for one');
  const { privateKey, publicKey } = newWriteKeys();
  const answer = await sayToPlugin(admin, point, {
    action: 'wpclone_restore_key',
    _wpnonce: nonce,
    restore: wanted.restore,
    public_key: publicKey,
    include: wanted.include.join(','),
  });
  const kept = jsonIn(answer.text, keptSchema)?.data;
  if (!kept) throw refusalOf(jsonIn(answer.text, refusedSchema)?.data, answer.text);
  const clockOffset = kept.time - Math.floor(now() / 1000);
  return { key: { restore: wanted.restore, privateKey, clockOffset }, state: kept.state };
}

function refusalOf(refused: z.infer<typeof refusedSchema>['data'] | undefined, text: string): WpcloneError {
  const words = plainWords(refused?.message ?? '');
  if (refused?.code === 'network' || refused?.code === 'no_create')
    return new WpcloneError('RESTORE_IMPOSSIBLE', words);
  if (refused?.code === 'restore_under_way') return new WpcloneError('RESTORE_UNDER_WAY', words);
  return withoutKey(refused?.code ?? `its answer begins with: ${plainWords(text.slice(0, 100)) || 'nothing'}`);
}

const withoutKey = (why: string): WpcloneError =>
  new WpcloneError('PLUGIN_INSTALL_FAILED', `The plugin did not take a key to write: ${why}.`);
