import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** Sites that moved to another host keep views whose maker the new database server has never heard of. */
export const situation: Situation = {
  promise: 'a view whose definer is gone is there in the clone, without a warning',
  plant: async (source) => {
    await source.query("CREATE DEFINER='ghost'@'nowhere' VIEW wp_seen AS SELECT ID, post_title FROM wp_posts");
    const joined = 'SELECT p.ID, wp_postmeta.meta_key FROM wp_posts p JOIN wp_postmeta ON p.ID = wp_postmeta.post_id';
    await source.query(`CREATE DEFINER='ghost'@'nowhere' VIEW wp_seen_meta AS ${joined}`);
    await expect(source.query('SELECT * FROM wp_seen')).rejects.toThrow('does not exist');
  },
  source: {
    muPlugins: {
      'acme.php': `<?php add_action( 'wp_footer', function () {
	global $wpdb;
	$wpdb->suppress_errors();
	foreach ( array( 'wp_seen', 'wp_seen_meta' ) as $view ) echo "<!-- $view ", (int) $wpdb->get_var( "SELECT COUNT(*) FROM $view" ) > 0 ? 'read' : 'lost', ' -->';
} );`,
    },
  },
  check: async ({ clone, get }) => {
    expect(clone().warnings).toEqual([]);
    const { body } = await get('/');
    expect(body).toContain('<!-- wp_seen read -->');
    expect(body).toContain('<!-- wp_seen_meta read -->');
  },
};
