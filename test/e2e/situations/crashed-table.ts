import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A MyISAM table whose index file is cut off, as after a full disk. */
export const situation: Situation = {
  promise: 'a damaged table is named with the server’s words, and can be left out',
  plant: async ({ mariadb, database }) => {
    await mariadb.script(
      "CREATE TABLE wp_acme_old (id int PRIMARY KEY, t text, FULLTEXT KEY ft (t)) ENGINE=MyISAM; INSERT INTO wp_acme_old VALUES (1,'one'),(2,'two'); FLUSH TABLES wp_acme_old",
      database.name,
    );
    truncateSync(join(mariadb.folder, 'data', database.name, 'wp_acme_old.MYI'), 30);
  },
  args: ['--exclude-table', 'acme_old'],
  check: async ({ clone, cli, source }) => {
    expect(clone().warnings).toMatchObject([
      { code: 'DATABASE_FEATURE_DROPPED', message: expect.stringMatching(/wp_acme_old.*left out.*\d{3,4}/) as unknown },
    ]);
    const login = ['--username', source.adminUser, '--password-file', '-'];
    const whole = await cli.run(['clone', source.url, ...login, '--json'], { input: `${source.adminPassword}\n` });
    const { error } = JSON.parse(whole.stdout);
    expect(error).toMatchObject({
      code: 'TABLE_FAILED',
      message: expect.stringMatching(/wp_acme_old.*\d{3,4}.*REPAIR TABLE/) as unknown,
      next_steps: [expect.stringContaining('--exclude-table wp_acme_old') as unknown],
    });
  },
};
