import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A headless site: its front page is JSON. */
export const situation: Situation = {
  promise: 'a front page of JSON is one as good as the source’s',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () {
        if (is_front_page() || is_home()) wp_send_json(array('name' => get_bloginfo('name'), 'see' => home_url('/wp-json/')));
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
