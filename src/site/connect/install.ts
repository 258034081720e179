import { z } from 'zod';
import { within } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { SourceAccess } from '../access.ts';
import { ownUrl } from '../http.ts';
import { jsonIn } from '../json-in.ts';
import {
  type Admin,
  actionLink,
  forbidden,
  type Installer,
  pairingPoint,
  type PairingPoint,
  removePlugin,
} from './admin.ts';
import { openAdminPage } from './admin-page.ts';
import { type Page, parsePage, plainWords, refusal } from './page.ts';
import { packPlugin, PLUGIN_FOLDER, type PluginPackage } from './plugin-zip.ts';
import { redirectOf } from './session.ts';
import { sendZip, sweepUpload, type UploadForm } from './sweep.ts';
import { notInstalled } from './upload-refusal.ts';

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
  return activatePlugin(admin, uploaded);
}

async function upload(admin: Admin, form: UploadForm, plugin: PluginPackage): Promise<Page> {
  const first = await sendZip(admin, form, plugin.zip);
  // A page that is shown once, to whoever comes next, takes the place of this one too.
  const answer = redirectOf(first) ? await sendZip(admin, form, plugin.zip) : first;
  const overwrite = ownUrl(parsePage(answer)('a.update-from-upload-overwrite').attr('href'), answer.url);
  const shown = overwrite ? await admin.session.get(overwrite) : answer;
  if (shown.status === 200 && (actionLink(parsePage(shown), 'activate', shown) || pairingPoint(shown))) return shown;
  // WordPress offers nothing to activate where it believes that it is active, as after its folder was deleted by hand.
  if (await findPoint(admin)) return shown;
  if (answer.status === 200) await sweepUpload(admin, form).catch(() => undefined);
  throw notInstalled(shown);
}

/** How often an activation is asked for: pages that are shown once eat the link. */
const ACTIVATIONS = 3;

/** Activates the plugin by the link on the page, or by a new one, and resolves to where a key can be had. */
async function activatePlugin(admin: Admin, uploaded: Page): Promise<PairingPoint> {
  let page = uploaded;
  let words: string | undefined;
  for (let attempt = 0; attempt < ACTIVATIONS; attempt += 1) {
    const link = actionLink(parsePage(page), 'activate', page);
    const answer = link && (await admin.session.getOnce(link));
    // Whatever it says: WordPress notes that the plugin is active before it lets others hear of it, and they may break.
    const point = await findPoint(admin);
    if (point) return point;
    words = answer && whyNot(answer);
    if (answer && refusal(answer) !== undefined) break;
    page = await openAdminPage(admin, 'plugins.php');
  }
  throw new WpcloneError(
    'PLUGIN_INSTALL_FAILED',
    words === undefined
      ? 'The plugin was uploaded but does not run.'
      : `The site did not activate the plugin: ${words}`,
  );
}

/** The active plugin's own page; undefined when it is not active. */
async function findPoint(admin: Admin): Promise<PairingPoint | undefined> {
  const page = await openAdminPage(admin, `tools.php?page=${PLUGIN_FOLDER}`);
  return pairingPoint(page);
}

function whyNot(answer: Page): string {
  const to = redirectOf(answer);
  if (to?.searchParams.has('error')) return 'WordPress says that it broke the site.';
  const broke = answer.status >= 500 ? '; another plugin may have broken on it' : '';
  return refusal(answer) ?? `HTTP ${answer.status}${broke}`;
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

const refusedSchema = z.object({ success: z.literal(false), data: z.object({ code: z.string() }) });

/** Gets a key for signed requests. Throws PLUGIN_INSTALL_FAILED, REDIRECTED_ELSEWHERE. */
export async function pair(admin: Admin, point: PairingPoint, insecureTls: boolean): Promise<SourceAccess> {
  const answer = await admin.session.post(point.ajax, { action: 'wpclone_pair', _wpnonce: point.nonce });
  const given = jsonIn(answer.text, pairingSchema);
  if (!given) throw withoutKey(answer);
  const { url, endpoint, keyId, secret } = given.data;
  const own = ownUrl(endpoint, admin.base);
  if (!own || !ownUrl(url, admin.base)) {
    const { host, origin } = new URL(url);
    throw new WpcloneError('REDIRECTED_ELSEWHERE', `The site says that it lives on another host, ${host}.`, {
      details: { target: origin },
    });
  }
  return { url: url.replace(/\/+$/, ''), endpoint: own.href, keyId, secret, insecureTls };
}

function withoutKey(answer: Page): WpcloneError {
  const code = jsonIn(answer.text, refusedSchema)?.data.code;
  const said =
    code === 'not_stored'
      ? 'it cannot store one in the options table, which may have lost its keys or AUTO_INCREMENT'
      : (code ?? `its answer begins with: ${plainWords(answer.text.slice(0, 100)) || 'nothing'}`);
  return new WpcloneError('PLUGIN_INSTALL_FAILED', `The plugin did not give a key (HTTP ${answer.status}): ${said}.`);
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
