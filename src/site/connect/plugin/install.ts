import { withTimeout } from '../../../shared/abortable.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { ownUrl } from '../../own-urls.ts';
import { PROTOCOL } from '../../protocol.ts';
import { type Admin, openAdminPage } from '../login/admin.ts';
import { type Page, parsePage, plainWords, refusal } from '../visit/page.ts';
import { redirectOf } from '../visit/session.ts';
import { actionLink } from './action-link.ts';
import { forbidden, type Installer } from './installer.ts';
import { pairingPoint, type PairingPoint, pairingPointTold } from './pairing-point.ts';
import { removePlugin } from './remove.ts';
import { notInstalled, paragraphsOf } from './upload-refusal.ts';
import { switchedOff } from './switched-off.ts';
import { sendZip, sweepUpload, type UploadForm } from './upload.ts';
import { PLUGIN_FOLDER, PLUGIN_SOURCE, pluginVersion } from './zip.ts';

/**
 * Uploads and activates the plugin, which is in the zip `plugin`, unless the very same one is active already. `touched` is called before the site is changed.
 * Throws PLUGIN_UPLOAD_FORBIDDEN, PLUGIN_INSTALL_FAILED.
 */
export async function installPlugin(
  admin: Admin,
  { form, active }: Installer,
  plugin: Buffer,
  touched: () => void,
): Promise<PairingPoint> {
  if (active && active.protocol > PROTOCOL) throw tooNew(active);
  if (active && (!form || active.version === (await pluginVersion()))) return understood(active);
  if (!form) throw forbidden('the site has no form to upload plugins');
  if (!active) touched();
  const uploaded = await upload(admin, form, plugin);
  return activatePlugin(admin, uploaded);
}

/** A plugin that was put there by hand may be older than this wpclone. */
function understood(active: PairingPoint): PairingPoint {
  if (active.protocol === PROTOCOL) return active;
  throw new WpcloneError(
    'PLUGIN_TOO_OLD',
    `The site has version ${plainWords(active.version)} of the plugin, which this wpclone no longer understands.`,
    { details: { folder: PLUGIN_SOURCE } },
  );
}

const tooNew = ({ version }: PairingPoint): WpcloneError =>
  new WpcloneError(
    'PLUGIN_TOO_NEW',
    `The site has version ${plainWords(version)} of the plugin, which this wpclone is too old for.`,
  );

async function upload(admin: Admin, form: UploadForm, plugin: Buffer): Promise<Page> {
  const first = await sendZip(admin, form, plugin);
  // A page that is shown once, to whoever comes next, takes the place of this one too.
  const second = redirectOf(first) ? await sendZip(admin, form, plugin) : first;
  const answer = isFolderInTheWay(second) ? await sendZip(admin, overwriting(form), plugin) : second;
  const overwrite = overwriteLink(answer);
  // Somebody else may have put it there meanwhile, and uses it: in the place of the same one none has to go.
  if (overwrite && (await findPoint(admin))?.version === (await pluginVersion())) return answer;
  const shown = overwrite ? await admin.session.get(overwrite) : answer;
  if (shown.status === 200 && (actionLink(parsePage(shown), 'activate', shown) || pairingPoint(shown))) return shown;
  // WordPress offers nothing to activate where it believes that it is active, as after its folder was deleted by hand.
  if (await findPoint(admin)) return shown;
  if (answer.status === 200) await sweepUpload(admin, form).catch(() => undefined);
  throw notInstalled(shown, plugin.length);
}

/**
 * Of a plugin whose main file is gone, as after a deletion that was cut off, WordPress knows no version, and so offers nothing to write over
 * it (Plugin_Installer_Skin::do_overwrite()). Its words end with the folder in every language.
 */
const isFolderInTheWay = (page: Page): boolean =>
  page.status === 200 &&
  overwriteLink(page) === undefined &&
  paragraphsOf(page).some((words) => words.trimEnd().endsWith(`/plugins/${PLUGIN_FOLDER}/`));

const overwriteLink = (page: Page) => ownUrl(parsePage(page)('a.update-from-upload-overwrite').attr('href'), page.url);

function overwriting(form: UploadForm): UploadForm {
  const action = new URL(form.action);
  action.searchParams.set('overwrite', 'update-plugin');
  return { ...form, action };
}

/** How often an activation is asked for: pages that are shown once eat the link. */
const ACTIVATIONS = 3;

/** Activates the plugin by the link on the page, or by a new one, and resolves to where a key can be had. */
async function activatePlugin(admin: Admin, uploaded: Page): Promise<PairingPoint> {
  let page = uploaded;
  let words: string | undefined;
  let quiet = false;
  for (let attempt = 0; attempt < ACTIVATIONS; attempt += 1) {
    const link = actionLink(parsePage(page), 'activate', page);
    const answer = link && (await admin.session.getOnce(link));
    // Whatever it says: WordPress notes that the plugin is active before it lets others hear of it, and they may break.
    const told = answer && saysActive(answer) ? pairingPointTold(answer) : undefined;
    const point = told ?? (await findPoint(admin));
    if (point) return point;
    words = answer && whyNot(answer);
    quiet = answer !== undefined && saysActive(answer);
    if (answer && refusal(answer) !== undefined) break;
    page = await openAdminPage(admin, 'plugins.php');
  }
  if (quiet) throw switchedOff();
  throw new WpcloneError(
    'PLUGIN_INSTALL_FAILED',
    words === undefined
      ? 'The plugin was uploaded but does not run.'
      : `The site did not activate the plugin: ${words}`,
  );
}

/** The active plugin's own page; undefined when it is not active. */
export async function findPoint(admin: Admin): Promise<PairingPoint | undefined> {
  const page = await openAdminPage(admin, `tools.php?page=${PLUGIN_FOLDER}`);
  return pairingPoint(page);
}

/** Where WordPress leads after an activation that went well, whatever comes of it then. */
const saysActive = (answer: Page): boolean => redirectOf(answer)?.searchParams.get('activate') === 'true';

function whyNot(answer: Page): string {
  const to = redirectOf(answer);
  if (to?.searchParams.has('error')) return 'WordPress says that it broke the site.';
  const broke = answer.status >= 500 ? '; another plugin may have broken on it' : '';
  return refusal(answer) ?? `HTTP ${answer.status}${broke}`;
}

/** Seconds that taking the plugin off again may take after a failure or a cancelled run. */
const UNDO_SECONDS = 20;

/** Takes off what `installPlugin` put there; works after the run was cancelled. Says so when it cannot. */
export async function undoInstall(admin: Admin, work: Pick<WorkContext, 'emit' | 'sleep'>): Promise<void> {
  try {
    const late = new Error('The site takes too long.');
    await withTimeout(UNDO_SECONDS * 1000, work, late, (signal) =>
      removePlugin({ base: admin.base, shown: [], session: admin.session.with({ signal }) }),
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `The plugin could not be removed from the site again; it removes itself within an hour. ${why}`;
    work.emit({ type: 'warning', code: 'DISCONNECT_FAILED', message });
  }
}
