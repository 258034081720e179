import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A consent or age gate: without its cookie the front page comes back to itself with one. */
export const situation: Situation = {
  promise: 'a front page that wants a cookie is looked at with it',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () {
        if (isset($_COOKIE['acme_seen'])) return;
        setcookie('acme_seen', '1', 0, '/');
        wp_safe_redirect(home_url('/'));
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
