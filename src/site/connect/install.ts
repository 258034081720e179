import { z } from 'zod';
import { within } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { SourceAccess } from '../access.ts';
import { ownUrl } from '../http.ts';
import {
  type Admin,
  actionLink,
  forbidden,
  type Installer,
  pairingPoint,
  type PairingPoint,
  removePlugin,
} from './admin.ts';
import { type Page, parsePage, plainWords, refusal } from './page.ts';
import { packPlugin, PLUGIN_FOLDER, type PluginPackage } from './plugin-zip.ts';
import { refuseBarred } from './recognise.ts';
import { redirectOf } from './session.ts';
import { sendZip, sweepUpload, tryJson } from './sweep.ts';

/**
 * Uploads and activates the plugin unless the very same one is active already. `touched` is called before the site is changed.
 * Throws PLUGIN_UPLOAD_FORBIDDEN, PLUGIN_INSTALL_FAILED.
 */
export async function installPlugin(admin: Admin, installer: Installer, touched: () => void): Promise<PairingPoint> {
  const plugin = await packPlugin();
  const { form, active } = installer;
  if (active && (active.version === plugin.version || !form)) return active;
  if (!form) throw forbidden('the site has no form to upload plugins');
  if (!active) touched();
  const uploaded = await upload(admin, form, plugin);
  const activate = actionLink(parsePage(uploaded), 'activate', uploaded);
  if (activate) await activatePlugin(admin, activate);
  const page = await admin.session.get(new URL(`tools.php?page=${PLUGIN_FOLDER}`, admin.base));
  const point = pairingPoint(page);
  if (point) return point;
  throw new WpcloneError(
    'PLUGIN_INSTALL_FAILED',
    `The plugin was uploaded but does not run. ${refusal(page) ?? ''}`.trimEnd(),
  );
}

async function upload(admin: Admin, form: NonNullable<Installer['form']>, plugin: PluginPackage): Promise<Page> {
  const answer = await sendZip(admin, form, plugin.zip);
  const overwrite = ownUrl(parsePage(answer)('a.update-from-upload-overwrite').attr('href'), answer.url);
  try {
    return checkInstalled(overwrite ? await admin.session.get(overwrite) : answer);
  } catch (error) {
    if (answer.status === 200) await sweepUpload(admin, form).catch(() => undefined);
    throw error;
  }
}

/** "Could not create directory. /…/plugins/wpclone-migrator/": the path is there in every language. */
const PLUGIN_FOLDERS = /\/(?:plugins|upgrade|upgrade-temp-backup|uploads)\//;

/** WordPress writes what it did into the page; only the links that follow a success are the same in every language. */
function checkInstalled(page: Page): Page {
  const $ = parsePage(page);
  if (page.status === 200 && (actionLink($, 'activate', page) || pairingPoint(page))) return page;
  const said = $('.wrap p')
    .toArray()
    .map((paragraph) => $(paragraph).text());
  const refused = refusal(page);
  if (refused === undefined) refuseBarred(page);
  const words = refused ?? plainWords(said.find((each) => PLUGIN_FOLDERS.test(each)) ?? said.join(' '));
  if ($('#request-filesystem-credentials-form, input[name=hostname][type=text]').length > 0) {
    throw forbidden('the site asks for FTP credentials to write its plugins folder');
  }
  if (page.status === 413) throw forbidden('the web server refuses uploads of that size');
  if (PLUGIN_FOLDERS.test(words)) throw forbidden(words);
  throw new WpcloneError(
    'PLUGIN_INSTALL_FAILED',
    `The site did not install the plugin (HTTP ${page.status}): ${words}`,
  );
}

async function activatePlugin(admin: Admin, link: URL): Promise<void> {
  const answer = await admin.session.getOnce(link);
  const to = redirectOf(answer);
  if (to && !to.searchParams.has('error')) return;
  const words = refusal(answer) ?? `HTTP ${answer.status}`;
  throw new WpcloneError('PLUGIN_INSTALL_FAILED', `The site did not activate the plugin: ${words}`);
}

const pairingSchema = z.object({
  success: z.literal(true),
  data: z.object({
    protocol: z.literal(1),
    keyId: z.string().regex(/^[0-9a-f]{16}$/),
    secret: z.string().regex(/^[\w-]{43}$/),
    url: z.url({ protocol: /^https?$/ }),
    endpoint: z.url({ protocol: /^https?$/ }),
  }),
});

/** Gets a key for signed requests. Throws PLUGIN_INSTALL_FAILED, REDIRECTED_ELSEWHERE. */
export async function pair(admin: Admin, point: PairingPoint, insecureTls: boolean): Promise<SourceAccess> {
  const answer = await admin.session.post(point.ajax, { action: 'wpclone_pair', _wpnonce: point.nonce });
  const parsed = pairingSchema.safeParse(tryJson(answer.text));
  if (!parsed.success) {
    throw new WpcloneError('PLUGIN_INSTALL_FAILED', `The plugin did not give a key (HTTP ${answer.status}).`);
  }
  const { url, endpoint, keyId, secret } = parsed.data.data;
  const own = ownUrl(endpoint, admin.base);
  if (!own || !ownUrl(url, admin.base)) {
    const { host, origin } = new URL(url);
    throw new WpcloneError('REDIRECTED_ELSEWHERE', `The site says that it lives on another host, ${host}.`, {
      details: { target: origin },
    });
  }
  return { url: url.replace(/\/+$/, ''), endpoint: own.href, keyId, secret, insecureTls };
}

/** Seconds that taking the plugin off again may take after a failure or a cancelled run. */
const UNDO_SECONDS = 20;

/** Takes off what `installPlugin` put there; works after the run was cancelled. Says so when it cannot. */
export async function undoInstall(admin: Admin, work: Pick<WorkContext, 'emit' | 'sleep'>): Promise<void> {
  try {
    const late = new Error('The site takes too long.');
    await within(UNDO_SECONDS * 1000, work, late, (signal) =>
      removePlugin({ base: admin.base, session: admin.session.with({ signal }) }),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `The plugin could not be removed from the site again; it removes itself within an hour. ${why}`;
    work.emit({ type: 'warning', code: 'DISCONNECT_FAILED', message });
  }
}
