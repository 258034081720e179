import { WpcloneError } from '../../../shared/errors.ts';
import { refuseBarred } from '../visit/barred.ts';
import { type Page, parsePage, plainWords, refusal } from '../visit/page.ts';
import { forbidden } from './installer.ts';
import { PLUGIN_SOURCE } from './zip.ts';

/**
 * "Could not create directory. /…/plugins/wpclone-migrator/", "Unable to create directory files/2026/11": the path is there in every
 * language. Uploads are named by their last folder where they lie outside of WordPress's own.
 */
const UNWRITABLE =
  /\/(?:plugins|upgrade|upgrade-temp-backup|uploads)\/|(?:^|\s)[^\s/]+\/\d{4}\/\d{2}\b|(?:^|\s)uploads\b/;

/** What WordPress wrote into the page while it worked, a paragraph each. */
export function paragraphsOf(page: Page): string[] {
  const $ = parsePage(page);
  return $('.wrap p')
    .toArray()
    .map((paragraph) => $(paragraph).text());
}

/** Why the page after an upload of so many bytes shows no plugin. WordPress writes what it did into it, in the site's language. */
export function notInstalled(page: Page, bytes: number): WpcloneError {
  const $ = parsePage(page);
  const said = paragraphsOf(page);
  const refused = refusal(page);
  if (refused === undefined) refuseBarred(page);
  const words = refused ?? plainWords(said.find((each) => UNWRITABLE.test(each)) ?? said.join(' '));
  if ($('#request-filesystem-credentials-form, input[name=hostname][type=text]').length > 0) {
    return forbidden('the site asks for FTP credentials to write its plugins folder');
  }
  if (page.status === 413) return forbidden('the web server refuses uploads of that size');
  if (UNWRITABLE.test(words)) return forbidden(words);
  // PHP may take no file of that size, or none at all (file_uploads, post_max_size), which WordPress says in words for other cases: without
  // the form that was sent it believes that the form is too old.
  const limit = refused !== undefined || words === '' || /upload_max_filesize|post_max_size|MAX_FILE_SIZE/.test(words);
  const why = words === '' ? 'it did not say why' : words.replace(/\.$/, '');
  return new WpcloneError(
    'PLUGIN_INSTALL_FAILED',
    `The site did not install the plugin (HTTP ${page.status}): ${why}.`,
    { details: { folder: PLUGIN_SOURCE, ...(limit ? { kilobytes: Math.ceil(bytes / 1000) } : {}) } },
  );
}
