import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Only known administrators may enter wp-admin. */
export const situation: Situation = {
  promise: 'where only known administrators may enter, the log-in link enters as the one of the source, and says so',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('admin_init', function () {
        if (wp_doing_ajax() || in_array(wp_get_current_user()->user_login, array('admin'), true)) return;
        wp_logout();
        wp_redirect(home_url('/'));
        exit;
      });`,
    },
  },
  check: async ({ clone, cli, enter }) => {
    const { verified, findings, clone_id: id } = clone();
    expect(verified).toBe(false);
    expect(findings).toMatchObject([{ check: 'log-in', code: 'LOGIN_AS_SOURCE_ADMIN' }]);
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
    expect(await cli.json(['show', id])).toMatchObject({ verified: false, findings });
    expect((await cli.run(['show', id])).stdout).toContain('LOGIN_AS_SOURCE_ADMIN');
  },
};
