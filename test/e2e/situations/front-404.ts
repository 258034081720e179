import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** The back end of a shop or an app: visitors of the front page get 404, the rest works. */
export const situation: Situation = {
  promise: 'a front page that answers 404 as the source’s does is no failure of the clone',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () {
        if (!is_front_page() && !is_home()) return;
        status_header(404);
        echo '<!doctype html><title>Nothing here</title><link rel="stylesheet" href="' . includes_url('css/x.css') . '">';
        exit;
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
    expect((await get('/')).status).toBe(404);
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
