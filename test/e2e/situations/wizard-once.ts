import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Two plugins that were just switched on show their welcome pages to the next administrator, each once. */
export const situation: Situation = {
  promise: 'welcome pages that come once do not stop a clone',
  source: {
    plugins: {
      'any/any.php': `<?php /* Plugin Name: Any page */
        register_activation_hook(__FILE__, function () { update_option('once_any', 1); });
        add_action('admin_init', function () {
          if (!get_option('once_any') || wp_doing_ajax()) return;
          delete_option('once_any');
          wp_safe_redirect(admin_url('index.php?welcome'));
          exit;
        });`,
      'list/list.php': `<?php /* Plugin Name: The list of plugins */
        register_activation_hook(__FILE__, function () { update_option('once_plugins', 1); });
        add_action('load-plugins.php', function () {
          if (!get_option('once_plugins')) return;
          delete_option('once_plugins');
          wp_safe_redirect(admin_url('index.php?welcome'));
          exit;
        });`,
    },
  },
  check: async ({ clone, enter }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, warnings }).toEqual({ verified: true, findings: [], warnings: [] });
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
