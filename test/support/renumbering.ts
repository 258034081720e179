import { merge } from '../../src/restore/merge/merge.ts';
import type { Policy } from '../../src/restore/merge/outcome.ts';
import { renumber, type Renumbered } from '../../src/restore/numbers/renumber.ts';
import { unsureNumbers } from '../../src/restore/numbers/told.ts';
import { siteInfo } from './site-info.ts';
import { policy, SHAPES, threeWays, type Site } from './three-ways.ts';

export const page = (ID: string, post_title: string, more: Record<string, string> = {}) => ({
  ID, post_author: '1', post_title, post_content: '', post_status: 'publish', post_name: post_title.toLowerCase(), post_parent: '0',
  post_type: 'page', post_modified: '2026-01-01 00:00:00', comment_count: '0', ...more,
}); // prettier-ignore
export const meta = (meta_id: string, post_id: string, meta_key: string, meta_value: string) => ({
  meta_id, post_id, meta_key, meta_value,
}); // prettier-ignore

/** The live site counts its posts up to 900, in a column of this type. */
export const info = (type = 'bigint(20) unsigned') => ({
  tables: Object.entries(SHAPES).map(([short, { columns, key }]) => ({
    ...siteInfo().tables[0]!,
    name: `wp_${short}`,
    definition: `CREATE TABLE x (...) AUTO_INCREMENT=900 ...`,
    columns: columns.map((name) => ({
      name,
      type: key?.[0] === name ? type : 'text',
      charset: null,
      generated: false,
    })),
    key: key === null ? null : [...key],
  })),
});

export const renumbered = (base: Site, live: Site, clone: Site, type?: string): Renumbered =>
  renumber(threeWays(base, live, clone), info(type), { raws: new WeakMap(), hosts: ['clone.test'] });

export function mergedOf(result: Renumbered, changes: Partial<Policy> = {}) {
  const wanted = policy(changes);
  const unsure = unsureNumbers(result, wanted);
  return { merged: merge(result.tables, { ...wanted, against: unsure.against }), unsure };
}
