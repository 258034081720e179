import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** What a bad import leaves behind: no primary keys, and nothing that counts rows. */
export const situation: Situation = {
  promise: 'a site whose tables have lost their keys is cloned, and its log-in works',
  plant: async (source) => {
    for (const column of [
      'wp_options.option_id',
      'wp_posts.ID',
      'wp_postmeta.meta_id',
      'wp_users.ID',
      'wp_usermeta.umeta_id',
    ]) {
      const [table, name] = column.split('.');
      await source.query(`ALTER TABLE ${table} MODIFY ${name} bigint(20) unsigned NOT NULL, DROP PRIMARY KEY`);
    }
  },
  check: async ({ clone, enter }) => {
    expect(clone()).toMatchObject({ verified: true, findings: [] });
    const page = await enter();
    expect(page.body).toMatch(/<body[^>]*wp-admin/);
    expect((await enter()).status).toBe(403);
  },
};
