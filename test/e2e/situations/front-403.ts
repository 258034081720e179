import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Members only: visitors of the front page are refused. */
export const situation: Situation = {
  promise: 'a front page that answers 403 as the source’s does is no failure of the clone',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () {
        if (!is_user_logged_in()) wp_die('Members only', 'Members', 403);
      });`,
    },
  },
  check: async ({ clone, enter, get }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, codes: warnings.map(({ code }) => code) }).toEqual({
      verified: true,
      findings: [],
      codes: ['FRONT_PAGE'],
    });
    expect((await get('/')).status).toBe(403);
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
