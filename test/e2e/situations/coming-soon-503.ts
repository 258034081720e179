import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Visitors are told to come back; whoever is logged in sees the site. */
export const situation: Situation = {
  promise: 'a site that answers its visitors 503 is cloned, and its clone answers them the same',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () {
        if (is_user_logged_in()) return;
        status_header(503);
        header('Retry-After: 3600');
        echo '<!doctype html><html><head><title>Back soon</title><link rel="stylesheet" href="' . includes_url('css/dashicons.min.css') . '"></head><body><h1>We are working on it</h1></body></html>';
        exit;
      });`,
    },
  },
  check: async ({ clone, enter, get }) => {
    const { verified, findings, warnings } = clone();
    const codes = warnings.map(({ code }) => code);
    expect({ verified, findings, codes }).toEqual({ verified: true, findings: [], codes: ['FRONT_PAGE'] });
    const front = await get('/');
    expect(front.status).toBe(503);
    expect(front.body).toContain('We are working on it');
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
