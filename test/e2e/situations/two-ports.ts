import { expect } from 'vitest';
import type { CloneResult } from '../../../src/operations/clone-report.ts';
import type { Situation } from '../../support/situation.ts';
import { freePort } from '../../support/temp.ts';

const port = await freePort();
const core = `http://127.0.0.111:${port}`;

export const situation: Situation = {
  promise:
    'a site whose WordPress is on another port than its home sends no password there unasked, and is cloned when told to',
  source: { nginx: `listen 127.0.0.111:${port};` },
  plant: async (source) => {
    await source.query(`UPDATE wp_options SET option_value = '${core}' WHERE option_name = 'siteurl'`);
  },
  check: async ({ failure, source, cli }) => {
    expect(failure()).toMatchObject({ code: 'REDIRECTED_ELSEWHERE' });
    const [advice = ''] = failure().next_steps;
    expect(advice).toContain(`--login-url ${core}/wp-login.php`);
    const words = advice.slice(advice.indexOf('--login-url')).split(' ');
    const args = ['clone', source.url, '-u', source.adminUser, '--password-file', '-', ...words];
    const made = await cli.json<CloneResult>(args, { input: `${source.adminPassword}\n` });
    expect(made).toMatchObject({ verified: true, findings: [], warnings: [] });
  },
};
