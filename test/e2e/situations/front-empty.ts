import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** The front page says nothing at all. */
export const situation: Situation = {
  promise: 'an empty front page is what the source has',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () {
        if (!is_front_page() && !is_home()) return;
        header('Link: <' . home_url('/wp-json/') . '>; rel="https://api.w.org/"');
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
