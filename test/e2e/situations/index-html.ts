import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** The host looks for index.html first, and one lies beside WordPress. */
export const situation: Situation = {
  promise: 'a static page before the front page hides WordPress neither from us nor from the clone',
  source: { nginx: 'location = / { index index.html index.php; }' },
  plant: async ({ docroot }) => {
    writeFileSync(join(docroot, 'index.html'), '<!doctype html><title>Welcome</title><p>Parked by your host</p>');
  },
  check: async ({ clone, enter, get }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings }).toEqual({ verified: true, findings: [] });
    expect(warnings).toMatchObject([{ code: 'FRONT_PAGE', message: expect.stringContaining('index.html') }]);
    expect((await get('/')).body).toContain('wp-content');
    expect((await get('/index.html')).body).toContain('Parked by your host');
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
  },
};
