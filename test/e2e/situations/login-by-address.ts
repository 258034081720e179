import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

export const situation: Situation = {
  promise: 'a log-in page that is open to certain addresses only is named as that',
  source: { nginx: 'location = /wp-login.php { return 403; } location ^~ /wp-admin/ { return 403; }' },
  check: async ({ failure, source }) => {
    const { code, message, next_steps: next } = failure();
    expect([code, message]).toEqual([
      'LOGIN_PAGE_NOT_FOUND',
      `No log-in form was found at ${source.url}/wp-login.php (HTTP 403).`,
    ]);
    expect(next[0]).toContain('let the address of this machine in');
  },
};
