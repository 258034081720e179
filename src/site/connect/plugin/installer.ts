import { WpcloneError } from '../../../shared/errors.ts';
import { ownUrl } from '../../own-urls.ts';
import { type Admin, openAdminPage, refuseNetwork } from '../login/admin.ts';
import { refuseBarred } from '../visit/barred.ts';
import { type Page, parsePage, plainWords, refusal } from '../visit/page.ts';
import { pairingPoint, type PairingPoint } from './pairing-point.ts';
import { PLUGIN_SOURCE } from './zip.ts';

/** What the "upload plugin" page of an administrator offers. */
export interface Installer {
  readonly page: Page;
  readonly form: { readonly action: URL; readonly fields: Readonly<Record<string, string>> } | undefined;
  readonly active: PairingPoint | undefined;
}

const UPLOAD_FORM = 'form:has(input[name=pluginzip])';
/** What else WordPress has on that page: without it, something that wants to be answered first is in its place. */
const WORDPRESS_OWN = '.upload-plugin, #plugin-filter';

/**
 * Opens the page where plugins are uploaded.
 * Throws NOT_ADMINISTRATOR, PLUGIN_UPLOAD_FORBIDDEN, SECOND_FACTOR, MULTISITE, PLUGIN_INSTALL_FAILED, DATABASE_UPGRADE_PENDING,
 * SETUP_PENDING.
 */
export async function openInstaller(admin: Admin): Promise<Installer> {
  const first = await openUploadPage(admin);
  // What a site shows once, with a script or by itself, may be in this page's place without a redirect.
  const page = isUploadPage(first) ? first : await openUploadPage(admin);
  const $ = parsePage(page);
  // WordPress refuses with 403 or, deeper inside, with 500.
  if (page.status === 403 || refusal(page) !== undefined) return refusedInstaller(admin, page);
  const active = pairingPoint(page);
  if ($('#request-filesystem-credentials-dialog').length > 0 && !active) {
    throw forbidden('the site asks for FTP credentials to write its plugins folder');
  }
  const form = $(UPLOAD_FORM).first();
  const action = ownUrl(form.attr('action'), page.url);
  if (!action) {
    const title = plainWords($('h1').first().text() || $('title').text());
    const message = `The site shows another page instead of the plugin upload: ${title}`;
    const address = `${page.url.origin}${page.url.pathname}`;
    if (page.status === 200 && $(WORDPRESS_OWN).length === 0)
      throw new WpcloneError('SETUP_PENDING', message, { details: { address } });
    throw new WpcloneError('PLUGIN_INSTALL_FAILED', message);
  }
  const fields: Record<string, string> = {};
  for (const { attribs } of form.find('input[type=hidden][name]').toArray()) {
    fields[attribs['name'] ?? ''] = attribs['value'] ?? '';
  }
  return { page, form: { action, fields }, active };
}

async function openUploadPage(admin: Admin): Promise<Page> {
  const page = await openAdminPage(admin, 'plugin-install.php?tab=upload');
  refuseNetwork(page);
  return page;
}

/** Whether it is what was asked for, or says why not. */
const isUploadPage = (page: Page): boolean =>
  page.status === 403 || refusal(page) !== undefined || parsePage(page)(UPLOAD_FORM).length > 0;

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
