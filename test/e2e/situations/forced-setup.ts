import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Every page of the administration leads to a form that has to be filled in first. */
export const situation: Situation = {
  promise: 'a form that has to be filled in before all else is named by its address, and nothing is left behind',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('admin_init', function () {
        if (wp_doing_ajax() || 'acme-terms' === ($_GET['page'] ?? '')) return;
        wp_safe_redirect(admin_url('profile.php?page=acme-terms'));
        exit;
      });
      add_action('admin_menu', function () {
        add_users_page('Terms', 'Terms', 'read', 'acme-terms', function () { echo '<h1>Please accept the new terms</h1>'; });
      });`,
    },
  },
  check: async ({ cli, failure, finished }) => {
    const { code, message, next_steps: steps } = failure();
    expect(finished.code).toBe(1);
    expect(code).toBe('SETUP_PENDING');
    expect([message, ...steps].join(' ')).toContain('profile.php?page=acme-terms');
    expect(cli.leftovers()).toEqual([]);
  },
};
