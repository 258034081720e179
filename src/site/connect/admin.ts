import type { CheerioAPI } from 'cheerio/slim';
import { WpcloneError } from '../../shared/errors.ts';
import { ownUrl } from '../http.ts';
import { openAdminPage, refuseNetwork } from './admin-page.ts';
import { type Page, parsePage, plainWords, refusal } from './page.ts';
import { PLUGIN_FILE, PLUGIN_FOLDER, PLUGIN_SOURCE } from './plugin-zip.ts';
import { refuseBarred } from './recognise.ts';
import type { Session } from './session.ts';

/** The site's administration, logged in. */
export interface Admin {
  /** `…/wp-admin/`. */
  readonly base: URL;
  readonly session: Session;
  /** The link that ends our session, once a page has shown it. */
  logOutLink?: URL | undefined;
}

/** What the "upload plugin" page of an administrator offers. */
export interface Installer {
  readonly page: Page;
  readonly form: { readonly action: URL; readonly fields: Readonly<Record<string, string>> } | undefined;
  readonly active: PairingPoint | undefined;
}

/** The element that the active plugin shows to administrators (docs/PROTOCOL.md). */
export interface PairingPoint {
  readonly ajax: URL;
  readonly nonce: string;
  readonly version: string;
  readonly protocol: number;
}

/**
 * Opens the page where plugins are uploaded.
 * Throws NOT_ADMINISTRATOR, PLUGIN_UPLOAD_FORBIDDEN, SECOND_FACTOR, MULTISITE, PLUGIN_INSTALL_FAILED, DATABASE_UPGRADE_PENDING,
 * SETUP_PENDING.
 */
export async function openInstaller(admin: Admin): Promise<Installer> {
  const page = await openAdminPage(admin, 'plugin-install.php?tab=upload');
  refuseNetwork(page);
  const $ = parsePage(page);
  // WordPress refuses with 403 or, deeper inside, with 500.
  if (page.status === 403 || refusal(page) !== undefined) return refusedInstaller(admin, page);
  const active = pairingPoint(page);
  if ($('#request-filesystem-credentials-dialog').length > 0 && !active) {
    throw forbidden('the site asks for FTP credentials to write its plugins folder');
  }
  const form = $('form:has(input[name=pluginzip])').first();
  const action = ownUrl(form.attr('action'), page.url);
  if (!action) {
    const title = plainWords($('h1').first().text() || $('title').text());
    throw new WpcloneError(
      'PLUGIN_INSTALL_FAILED',
      `The site shows another page instead of the plugin upload: ${title}`,
    );
  }
  const fields: Record<string, string> = {};
  for (const { attribs } of form.find('input[type=hidden][name]').toArray()) {
    fields[attribs['name'] ?? ''] = attribs['value'] ?? '';
  }
  return { page, form: { action, fields }, active };
}

/** No right to install plugins: an administrator whose site forbids it to all, or somebody with fewer rights. */
async function refusedInstaller(admin: Admin, refused: Page): Promise<Installer> {
  const words = refusal(refused);
  if (words === undefined) refuseBarred(refused);
  const page = await openAdminPage(admin, 'options-general.php');
  if (page.status !== 200) {
    // What every user may open tells whether it is a network.
    refuseNetwork(await openAdminPage(admin, 'profile.php'));
    throw new WpcloneError('NOT_ADMINISTRATOR', `This user may not install plugins. The site says: ${words ?? ''}`);
  }
  refuseNetwork(page);
  const active = pairingPoint(page);
  if (!active) throw forbidden(`the site forbids changes to its plugins. It says: ${words ?? ''}`);
  return { page, form: undefined, active };
}

/** PLUGIN_UPLOAD_FORBIDDEN; `why` completes "The plugin cannot be installed: …". */
export const forbidden = (why: string): WpcloneError =>
  new WpcloneError(
    'PLUGIN_UPLOAD_FORBIDDEN',
    `The plugin cannot be installed: ${/[.?!]$/.test(why) ? why : `${why}.`}`,
    {
      details: { folder: PLUGIN_SOURCE },
    },
  );

/** Where the page says that a key can be had; undefined when our plugin is not active, or not shown to this user. */
export function pairingPoint(page: Page): PairingPoint | undefined {
  const element = parsePage(page)('#wpclone-pair').first();
  const ajax = ownUrl(element.attr('data-ajax'), page.url);
  const nonce = element.attr('data-nonce');
  if (!ajax || nonce === undefined) return undefined;
  return {
    ajax,
    nonce,
    version: element.attr('data-version') ?? '',
    protocol: Number(element.attr('data-protocol') ?? 1),
  };
}

/** Ends our session, so that it does not stay among the user's open sessions. A failure is ignored. */
export async function logOut(admin: Admin): Promise<void> {
  try {
    if (!admin.logOutLink) await openAdminPage(admin, 'profile.php');
    if (admin.logOutLink) await admin.session.getOnce(admin.logOutLink);
  } catch {
    // The session then ends by itself after two days (auth_cookie_expiration).
  }
}

/** Takes the plugin off through the administration. False when it was not there. Throws PLUGIN_INSTALL_FAILED when it stays. */
export async function removePlugin(admin: Admin): Promise<boolean> {
  const page = await openAdminPage(admin, 'plugins.php');
  const $ = parsePage(page);
  if ($(`tr[data-plugin="${PLUGIN_FILE}"]`).length === 0) return false;
  const deactivate = actionLink($, 'deactivate', page);
  if (deactivate) await admin.session.getOnce(deactivate);
  const settings = page.text.slice(page.text.indexOf('_wpUpdatesSettings'));
  const nonce = /"ajax_nonce":"([^"]+)"/.exec(settings)?.[1] ?? '';
  const answer = await admin.session.post(new URL('admin-ajax.php', admin.base), {
    action: 'delete-plugin',
    _ajax_nonce: nonce,
    plugin: PLUGIN_FILE,
    slug: PLUGIN_FOLDER,
  });
  if (!/"success":\s*true/.test(answer.text)) {
    throw new WpcloneError(
      'PLUGIN_INSTALL_FAILED',
      'The plugin was switched off, but the site could not delete its files.',
    );
  }
  return true;
}

/** The link of a page that does `action` to our plugin. */
export function actionLink($: CheerioAPI, action: string, page: Page): URL | undefined {
  for (const { attribs } of $('a[href*="plugins.php"]').toArray()) {
    const url = ownUrl(attribs['href'], page.url);
    if (url?.searchParams.get('action') === action && url.searchParams.get('plugin') === PLUGIN_FILE) return url;
  }
  return undefined;
}
