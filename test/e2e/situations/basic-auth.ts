import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';
import type { Source } from '../../support/source/index.ts';

const PASSWORD = 'staging: only for us';

function args({ logs }: Source): string[] {
  const file = join(logs, 'http-auth.txt');
  writeFileSync(file, `${PASSWORD}\n`, { mode: 0o600 });
  return ['--http-auth', 'staging', '--http-auth-password-file', file];
}

/** The web server wants a name and a password before WordPress is asked anything. */
export const situation: Situation = {
  promise: 'a site behind the web server’s own password is cloned with --http-auth, and the clone wants none',
  source: { basicAuth: { user: 'staging', password: PASSWORD } },
  args,
  check: async ({ source, cli, clone, enter, finished, get }) => {
    const { verified, findings, warnings } = clone();
    expect({ verified, findings, warnings }).toEqual({ verified: true, findings: [], warnings: [] });
    expect((await get('/')).status).toBe(200);
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
    expect(finished.stdout + finished.stderr + (await cli.run(['list', '--json'])).stdout).not.toContain(PASSWORD);
    const again = await cli.run(['clone', source.url, ...args(source), '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ verified: true, findings: [], warnings: [] });
  },
};
