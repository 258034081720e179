import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** WordPress is the back end of a front end that lives on another host: it is known by its siteurl alone. */
export const situation: Situation = {
  promise: 'WordPress behind a front end on another host is cloned by its own address, which becomes its home',
  source: {
    muPlugins: {
      'acme.php': `<?php remove_action( 'template_redirect', 'redirect_canonical' ); add_filter( 'redirect_canonical', '__return_false' );`,
    },
  },
  plant: async (source) => {
    await source.query(`UPDATE wp_options SET option_value = 'https://front.example' WHERE option_name = 'home'`);
    await source.query(
      `UPDATE wp_posts SET post_content = 'See https://front.example/about/ and ${source.url}/x' WHERE ID = 1`,
    );
  },
  check: async ({ clone, enter, get }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, warnings }).toEqual({ verified: true, findings: [], warnings: [] });
    const front = await get('/');
    expect(front.status).toBe(200);
    const post = await get('/?p=1');
    expect(front.body + post.body).not.toContain('//front.example');
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
