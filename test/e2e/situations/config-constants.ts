import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

const NEEDS = `<?php /* needs constants of wp-config.php, as many agencies' plugins do */
define( 'ACME_LOADED', true );
if ( defined( 'ACME_STAGE' ) ) {
	add_action( 'wp_footer', function () {
		include WPMU_PLUGIN_DIR . '/acme/short.php';
		global $acme_servers;
		echo '<!-- servers ', json_encode( $acme_servers, JSON_UNESCAPED_SLASHES ), ' -->';
		$all = array( ACME_STAGE, ACME_LIMITS, ACME_SWITCH, ACME_RATIO, ACME_NOTHING, ACME_FROM_FILE, ACME_CLASS, ACME_HOME, ACME_DIR, ACME_ELSEWHERE );
		echo '<!-- acme ', json_encode( $all, JSON_UNESCAPED_SLASHES ), ' -->';
		echo '<!-- kept ', json_encode( array( defined( 'ACME_API_KEY' ), defined( 'ACME_TOKENS' ), defined( 'ACME_HASHED' ), defined( 'WP_ENV' ) ) ), ' -->';
		echo '<!-- given ', json_encode( array( ACME_GIVEN, ACME_NUMBER, ACME_TEXT ) ), ' -->';
	} );
}
`;

const defines = (source: { url: string; path: string }): string => `<?php
$acme_servers = array( 'one' => '${source.url}/1', 'two' => 2 );
class Acme_Config { const VALUE = "it's"; }
if ( ! defined( 'ACME_STAGE' ) ) {
	define( 'ACME_STAGE', 'production' );
}
define( 'ACME_LIMITS', array( 'a' => 1, 'deep' => array( 'x', '${source.url}/y' ) ) );
const ACME_SWITCH = true;
define( 'ACME_RATIO', 1.5 );
define( 'ACME_NOTHING', null );
require __DIR__ . '/acme-constants.php';
define( 'ACME_CLASS', Acme_Config::VALUE );
define( 'ACME_HOME', '${source.url}/shop/' );
define( 'ACME_DIR', __DIR__ . '/wp-content/uploads/' );
define( 'ACME_ELSEWHERE', dirname( __DIR__ ) );
define( 'ACME_API_KEY', 'short' );
define( 'ACME_TOKENS', array( 'name' => 'x', 'password' => 'y' ) );
define( 'ACME_HASHED', '9f86d081884c7d659a2feaa0c55ad015' );
define( 'ACME_GIVEN', 'of the source' );
?>`;

export const situation: Situation = {
  promise:
    'constants and variables of wp-config.php that are no secrets are there in the clone, and PHP takes the same for code',
  source: { muPlugins: { 'acme.php': NEEDS }, ini: { short_open_tag: '1' } },
  plant: async (source) => {
    const config = join(source.path, 'wp-config.php');
    mkdirSync(join(source.content, 'mu-plugins/acme'));
    writeFileSync(join(source.content, 'mu-plugins/acme/short.php'), '<? $six = 6; ?><!-- short <?= $six * 7 ?> -->');
    writeFileSync(join(source.path, 'acme-constants.php'), "<?php define( 'ACME_FROM_FILE', 'file' );");
    writeFileSync(config, defines(source) + readFileSync(config, 'utf8'));
  },
  args: ['--define', 'ACME_GIVEN=false', '--define', 'ACME_NUMBER=12', '--define', 'ACME_TEXT="12"'],
  check: async ({ clone, get, source, cli, finished }) => {
    const { clone_url: url, warnings } = clone();
    const { body } = await get('/');
    const folder = cli.cloneFolder();
    const said = (what: string): unknown => JSON.parse(new RegExp(`<!-- ${what} (.*?) -->`).exec(body)?.[1] ?? 'null');
    expect(said('acme')).toEqual([
      'production',
      { a: 1, deep: ['x', `${url}/y`] },
      true,
      1.5,
      null,
      'file',
      "it's",
      `${url}/shop/`,
      `${folder}/www/wp-content/uploads/`,
      `${folder}/elsewhere${join(source.docroot, '..')}`,
    ]);
    expect([said('servers'), said('short')]).toEqual([{ one: `${url}/1`, two: 2 }, 42]);
    expect(said('kept')).toEqual([false, false, false, false]);
    expect(said('given')).toEqual([false, 12, '12']);
    expect(warnings.map(({ code }) => code)).toEqual(['CONFIG_FILES_LEFT_OUT', 'CONFIG_CODE_LEFT_OUT']);
    expect(warnings[0]?.message).toContain('/acme-constants.php');
    expect(warnings[1]?.message).toContain('makes Acme_Config. ');
    expect(finished.stdout).not.toContain('9f86d081884c7d65');
  },
};
