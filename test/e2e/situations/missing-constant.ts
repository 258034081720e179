import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const NEEDS = `<?php add_action( 'wp_footer', function () { echo '<!-- ', strlen( ACME_API_KEY ), ' -->'; } );`;

export const situation: Situation = {
  promise: 'a constant that stayed at the source as a secret, and is missed, is named with what gives one',
  source: { constants: { ACME_API_KEY: 'a-secret-of-the-source' }, muPlugins: { 'acme-shop.php': NEEDS } },
  check: async ({ clone, finished }) => {
    const [finding] = clone().findings;
    expect(finding?.code).toBe('FRONT_PAGE_DIFFERS');
    expect(finding?.message).toContain('the code of the must-use plugin acme-shop.php');
    expect(finding?.message).toContain('--define ACME_API_KEY=VALUE');
    expect(finished.stdout).not.toContain('a-secret-of-the-source');
  },
};
