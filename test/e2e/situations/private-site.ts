import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A site for members: every visitor is sent to the log-in page. */
export const situation: Situation = {
  promise: 'a site that sends its visitors to the log-in page is verified',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () { if (!is_user_logged_in()) auth_redirect(); });`,
    },
  },
  check: async ({ clone, enter }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, warnings }).toEqual({ verified: true, findings: [], warnings: [] });
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
