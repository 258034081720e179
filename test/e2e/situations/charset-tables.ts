import { expect } from 'vitest';
import { probe, probeBoth } from '../../support/probe.ts';
import type { Situation } from '../../support/situation.ts';

/** Old tables beside a connection of UTF-8: the server converts on the way, and PHP counts what it gets. */
const SETS = ['latin1', 'cp1251', 'latin2', 'greek', 'koi8r', 'gbk', 'big5', 'sjis', 'ujis', 'euckr', 'utf16', 'ucs2', 'utf32', 'utf8mb3', 'utf8mb4']; // prettier-ignore
/** Text that each of them can hold; one byte there is one, two, three or four here. */
const TEXTS: Readonly<Record<string, string>> = {
  latin1: 'Café Größe € „x“',
  cp1251: 'Привет, мир №',
  latin2: 'Zażółć gęślą jaźń',
  greek: 'Καλημέρα',
  koi8r: 'Привет',
  gbk: '中文字符',
  big5: '中文許功蓋',
  sjis: '日本語 ソ表 ｱｲｳ',
  ujis: '日本語 ｱｲｳ',
  euckr: '한국어',
  utf16: '🖖 größe',
  utf32: '🖖 größe',
  utf8mb4: '🖖 größe',
};

const hex = (text: string): string => `CONVERT(UNHEX('${Buffer.from(text, 'utf8').toString('hex')}') USING utf8mb4)`;

export const situation: Situation = {
  promise: 'serialized text in tables of another character set can be read in the clone as at the source',
  source: {
    muPlugins: {
      ...probe(
        `acme_open( array( ${SETS.map((set) => `$wpdb->get_results( 'SELECT a, b FROM wp_acme_${set} ORDER BY id', ARRAY_N )`).join(', ')}, get_option( 'acme_theme' ), get_post_meta( 1, 'acme_meta', true ), get_option( 'widget_text' ) ) )`,
      ),
      'open.php':
        '<?php function acme_open( $v ) { $v = maybe_unserialize( $v ); return is_array( $v ) ? array_map( "acme_open", $v ) : $v; }',
    },
  },
  plant: async (source) => {
    const { mariadb, database, url } = source;
    for (const set of SETS) {
      const text = TEXTS[set] ?? 'größe 日本語 €';
      const value = (around: string): string =>
        serialized({ title: around, logo: `${url}/${around}.png`, n: `${around} ${url}/` });
      await mariadb.script(
        `CREATE TABLE wp_acme_${set} (id int PRIMARY KEY AUTO_INCREMENT, a longtext, b varchar(500)) CHARACTER SET ${set};
         INSERT INTO wp_acme_${set} (a, b) VALUES
           (${hex(value(text))}, ${hex(`${text} ${url}/${text}`)}),
           (${hex(serialized({ inner: serialized({ u: `${url}/${text}`, t: text }) }))}, ${hex(`${url}/x`)}),
           (${hex(`{"a":"${url.replaceAll('/', String.raw`\/`)}\\\\n${text}"}`)}, NULL), (${hex('plain')}, ${hex(`a\\tb\\n${url}`)})`,
        database.name,
      );
    }
    await mariadb.script(
      ['wp_options', 'wp_postmeta']
        .map((table) => {
          const value = table === 'wp_options' ? 'option_value' : 'meta_value';
          return `DELETE FROM ${table} WHERE CAST(CONVERT(CONVERT(${value} USING latin1) USING utf8mb4) AS BINARY) <> CAST(${value} AS BINARY); ALTER TABLE ${table} CONVERT TO CHARACTER SET latin1;`;
        })
        .join('\n'),
      database.name,
    );
    await source.php(
      `$u = get_option( 'home' ); $v = array( 'title' => 'Café Größe', 'logo' => "$u/wp-content/uploads/größe.png", 'text' => "Über uns: $u/ueber-uns/ für alle", 'n' => 3 );
       update_option( 'acme_theme', $v ); update_post_meta( 1, 'acme_meta', $v );
       update_option( 'widget_text', array( 2 => array( 'title' => 'Öffnungszeiten', 'text' => "<a href=\\"$u/zeiten/\\">Täglich geöffnet</a>", 'filter' => true ), '_multiwidget' => 1 ) );`,
    );
  },
  check: async (made) => {
    expect(made.clone().warnings).toEqual([]);
    const { source, clone } = await probeBoth(made);
    // Both were opened by PHP, at every level: the lengths here are those of the probe's own answer.
    const plain = (text: string, url: string): string[] =>
      Buffer.from(text.replaceAll(url.replaceAll('/', String.raw`\/`), 'URL').replaceAll(url, 'URL'), 'latin1')
        .toString('utf8')
        .replaceAll(/s:\d+:"/g, 's:N:"')
        .split('}');
    expect(plain(clone, made.clone().clone_url)).toEqual(plain(source, made.source.url));
    expect(clone).toContain('Größe'.replace(/./gsu, (letter) => Buffer.from(letter, 'utf8').toString('latin1')));
    expect(source + clone).not.toMatch(/"a:\d+:\{/);
  },
};

/** PHP's serialization of an array of strings, with lengths in bytes of UTF-8. */
function serialized(values: Record<string, string>): string {
  const text = (value: string): string => `s:${Buffer.byteLength(value, 'utf8')}:"${value}";`;
  const items = Object.entries(values).map(([key, value]) => text(key) + text(value));
  return `a:${items.length}:{${items.join('')}}`;
}
