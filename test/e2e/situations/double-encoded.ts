import { expect } from 'vitest';
import { probe, probeBoth } from '../../support/probe.ts';
import type { Situation } from '../../support/situation.ts';

/**
 * DB_CHARSET is latin1 (as before WordPress 2.2) and the tables are UTF-8 by now: PHP sends UTF-8, the server takes it for latin1 and
 * stores each byte as a character of its own. Nobody notices, because it comes back the same way.
 */
export const situation: Situation = {
  promise: 'what a connection of latin1 put into tables of UTF-8 can be read in the clone as at the source',
  source: {
    constants: { DB_CHARSET: 'latin1' },
    muPlugins: probe("array( get_option( 'acme_theme' ), get_post_meta( 1, 'acme_meta', true ) )"),
  },
  plant: async (source) => {
    // What was put there through another connection cannot be read at this source either.
    await source.query("DELETE FROM wp_options WHERE HEX(option_value) REGEXP '^(..)*F09F'");
    await source.php(
      `$u = get_option( 'home' ); $v = array( 'title' => 'Café – Größe', 'logo' => "$u/größe.png", 'inner' => serialize( array( "$u/ü" => 'ß' ) ) );
       update_option( 'acme_theme', $v ); update_post_meta( 1, 'acme_meta', $v );`,
    );
  },
  check: async (made) => {
    expect(made.clone().warnings).toEqual([]);
    const { source, clone } = await probeBoth(made);
    const plain = (text: string, url: string): string => text.replaceAll(url, 'URL').replaceAll(/s:\d+:"/g, 's:N:"');
    expect(source).toContain(`${made.source.url}/`);
    expect(plain(clone, made.clone().clone_url)).toBe(plain(source, made.source.url));
  },
};
