import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** The host's firewall takes whoever posts to the front page for a bot. */
export const situation: Situation = {
  promise: 'a host that refuses what is posted to the front page is cloned through another door',
  source: { nginx: 'set $asked "$request_method $request_uri"; if ($asked = "POST /") { return 403; }' },
  check: async ({ clone, enter }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, warnings }).toEqual({ verified: true, findings: [], warnings: [] });
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
