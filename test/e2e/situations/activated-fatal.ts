import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A plugin that breaks whenever another one is switched on: the activation answers 500, and yet ours runs. */
export const situation: Situation = {
  promise: 'an activation that ends in an error does not count when the plugin runs all the same',
  source: {
    muPlugins: {
      'audit.php': `<?php add_action('activated_plugin', function () { throw new Exception('audit: the table is missing'); });`,
    },
  },
  check: async ({ clone, enter }) => {
    expect(clone().verified).toBe(true);
    expect((await enter()).status).toBe(200);
  },
};
