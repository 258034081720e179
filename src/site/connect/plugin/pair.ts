import { z } from 'zod';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { SourceAccess } from '../../access.ts';
import { ownUrl } from '../../own-urls.ts';
import type { SiteInfo } from '../../info.ts';
import { jsonIn } from '../../json-in.ts';
import { PROTOCOL } from '../../protocol.ts';
import { bareUrl } from '../address.ts';
import type { Admin } from '../login/admin.ts';
import type { ConnectDeps } from '../types.ts';
import { type Page, plainWords } from '../visit/page.ts';
import type { PairingPoint } from './pairing-point.ts';
import { sayToPlugin } from './say-to-plugin.ts';
import { switchedOff } from './switched-off.ts';

const pairingSchema = z.object({
  success: z.literal(true),
  data: z.object({
    protocol: z.literal(PROTOCOL),
    keyId: z.string().regex(/^[0-9a-f]{16}$/),
    secret: z.string().regex(/^[\w-]{43}$/),
    url: z.url({ protocol: /^https?$/ }),
  }),
});
const refusedSchema = z.object({ success: z.literal(false), data: z.object({ code: z.string() }) });

/** A key, and where signed requests may be posted, best first. */
export interface Pairing {
  readonly url: string;
  readonly keyId: string;
  readonly secret: string;
  readonly endpoints: readonly string[];
}

/** Gets a key for signed requests. Throws PLUGIN_INSTALL_FAILED. */
export async function pair(admin: Admin, point: PairingPoint): Promise<Pairing> {
  const answer = await sayToPlugin(admin, point, { action: 'wpclone_pair', _wpnonce: point.nonce });
  const given = jsonIn(answer.text, pairingSchema);
  if (!given) throw withoutKey(answer);
  const { url, keyId, secret } = given.data;
  // The home of a site with a front end on another host is no WordPress: then it is WordPress's own address that we talk to.
  const home = bareUrl(ownUrl(url, admin.base) ?? new URL('..', admin.base));
  // The home page as every visitor opens it; else what always runs WordPress: a static page does not shadow it, and few firewalls
  // guard it in the same way.
  return { url: home, keyId, secret, endpoints: [`${home}/`, `${home}/index.php`, point.ajax.href] };
}

function withoutKey(answer: Page): WpcloneError {
  // WordPress itself answers so for what no running plugin knows (admin-ajax.php).
  if (/^\s*(?:0|-1)\s*$/.test(answer.text)) return switchedOff();
  const code = jsonIn(answer.text, refusedSchema)?.data.code;
  const said =
    code === 'not_stored'
      ? 'it cannot store one in the options table, which may have lost its keys or AUTO_INCREMENT'
      : (code ?? `its answer begins with: ${plainWords(answer.text.slice(0, 100)) || 'nothing'}`);
  return new WpcloneError('PLUGIN_INSTALL_FAILED', `The plugin did not give a key (HTTP ${answer.status}): ${said}.`);
}

/** What may be different at another address of the same site. */
const ELSEWHERE: readonly ErrorCode[] = [
  'SOURCE_BLOCKED',
  'MIGRATOR_MISSING',
  'REDIRECTED_ELSEWHERE',
  'SOURCE_FAILED',
  'SIGNATURE_REFUSED',
];

/**
 * The first of the endpoints that answers, and what the site says of itself. Throws what the first one was answered; `hasty`: no wall is
 * asked twice.
 */
export async function firstAnswering(
  { endpoints, ...pairing }: Pairing,
  way: Omit<SourceAccess, 'url' | 'endpoint' | 'keyId' | 'secret'>,
  deps: Pick<ConnectDeps, 'openClient' | 'signal' | 'log'>,
  hasty: boolean,
): Promise<{ access: SourceAccess; info: SiteInfo }> {
  let first: unknown;
  for (const [index, endpoint] of endpoints.entries()) {
    const access: SourceAccess = { ...pairing, ...way, endpoint };
    try {
      return { access, info: await deps.openClient(access, hasty || index < endpoints.length - 1).info(deps.signal) };
    } catch (error) {
      if (!(error instanceof WpcloneError) || !ELSEWHERE.includes(error.code)) throw error;
      deps.log.debug('an endpoint does not answer', { endpoint, code: error.code });
      first ??= error;
    }
  }
  throw first;
}
