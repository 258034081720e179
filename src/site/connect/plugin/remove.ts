import { WpcloneError } from '../../../shared/errors.ts';
import { type Admin, openAdminPage } from '../login/admin.ts';
import { parsePage } from '../visit/page.ts';
import { actionLink } from './action-link.ts';
import { PLUGIN_FILE, PLUGIN_FOLDER } from './zip.ts';

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
