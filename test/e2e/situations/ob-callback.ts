import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A minifier that holds the whole answer back, cannot be removed, and changes bytes. */
export const situation: Situation = {
  promise: 'an output buffer that rewrites answers does not damage what is copied',
  source: {
    muPlugins: {
      'minify.php': `<?php ob_start(function ($page) {
        return preg_replace('/>\\s+</', '><', str_replace('http://', 'HTTP://', $page));
      }, 0, 0);`,
    },
  },
  check: async ({ clone, source }) => {
    const { transferred, verified } = clone();
    expect(verified).toBe(true);
    const posts = await source.query('SELECT COUNT(*) AS n FROM wp_posts');
    expect(transferred?.rows).toBeGreaterThan(Number(posts[0]?.['n']));
  },
};
