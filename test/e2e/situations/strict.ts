import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A clone that differs from its source, for somebody who wants none. */
export const situation: Situation = {
  promise: '--strict keeps no clone that differs, and says in what',
  source: {
    muPlugins: {
      'acme.php': `<?php add_action('template_redirect', function () { if (defined('WPCLONE_INSTANCE')) { status_header(404); exit('gone'); } });`,
    },
  },
  args: ['--strict'],
  check: async ({ cli, finished, failure }) => {
    expect(finished.code).toBe(1);
    expect(failure()).toMatchObject({
      code: 'VERIFY_FAILED',
      message: expect.stringContaining('The front page answers 404'),
    });
    expect(failure().next_steps[0]).toContain('--strict');
    expect(cli.leftovers().filter((left) => !left.startsWith('process'))).toEqual([]);
  },
};
