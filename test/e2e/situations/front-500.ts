import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** The site is broken in front, the administration works: what one makes a copy for. */
export const situation: Situation = {
  promise: 'a front page that breaks as the source’s does is kept, with what PHP said',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () { undefined_function_of_a_broken_theme(); });`,
    },
  },
  check: async ({ clone, enter, get }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings }).toEqual({ verified: true, findings: [] });
    expect(warnings).toMatchObject([{ code: 'FRONT_PAGE', message: expect.stringContaining('undefined_function') }]);
    expect((await get('/')).status).toBe(500);
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
