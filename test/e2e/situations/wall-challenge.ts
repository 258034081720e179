import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const CHALLENGE =
  '<!doctype html><title>Just a moment...</title><script>document.cookie = "pass=let-me-in; path=/"; setTimeout(() => location.reload(), 50);</script>';

/** A wall before everything: it wants a script to run, and knows by a cookie who did. */
export const situation: Situation = {
  promise: 'a wall that wants a script to run first lets the whole clone through, and the next one without a password',
  wall: {
    judge: ({ headers }) =>
      headers.cookie?.includes('pass=let-me-in')
        ? undefined
        : { status: 503, headers: { 'content-type': 'text/html', 'retry-after': '3600' }, body: CHALLENGE },
  },
  check: async ({ cli, clone, enter, source }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, warnings }).toEqual({ verified: true, findings: [], warnings: [] });
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
    const home = await source.query(`SELECT option_value FROM wp_options WHERE option_name = 'home'`);
    const again = await cli.run(['clone', String(home[0]?.['option_value']), '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ verified: true, findings: [], warnings: [] });
  },
};
