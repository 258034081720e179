import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Situation } from '../../support/situation.ts';

/** A must-use plugin whose classes Composer loads: a package, a linked one, the project's own, and a function. */
const USES = `<?php
if ( function_exists( 'acme_helper' ) || class_exists( 'Acme\\Clock' ) ) {
	add_action( 'wp_footer', function () {
		echo '<!-- ', Acme\\Clock::now(), Acme\\Linked::now(), App\\Own::now(), acme_helper(), ' ', WP_ENV, ' ', (int) is_file( dirname( __DIR__, 3 ) . '/vendor/autoload.php' ), ' -->';
	} );
}
`;

const cls = (name: string): string => {
  const [namespace, short] = name.split('/');
  return `<?php namespace ${namespace}; class ${short} { static function now() { return '${short} '; } }`;
};

/** Loads by the maps that Composer writes, as its own loader does. */
const AUTOLOAD = `<?php
spl_autoload_register( function ( $class ) {
	foreach ( require __DIR__ . '/composer/autoload_psr4.php' as $prefix => $folders ) {
		if ( 0 === strpos( $class, $prefix ) ) {
			foreach ( $folders as $folder ) {
				$file = $folder . '/' . str_replace( '\\\\', '/', substr( $class, strlen( $prefix ) ) ) . '.php';
				if ( is_file( $file ) ) { require $file; return; }
			}
		}
	}
} );
foreach ( require __DIR__ . '/composer/autoload_files.php' as $file ) { require_once $file; }
`;

const HEAD = `<?php $vendorDir = dirname(__DIR__); $baseDir = dirname($vendorDir);`;

function lay(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

export const situation: Situation = {
  promise: 'classes that wp-config.php loads from above the document root come along; its passwords do not',
  source: { core: '/wp', muPlugins: { 'uses.php': USES } },
  plant: async ({ docroot, path, url }) => {
    const project = join(docroot, '..');
    const config = readFileSync(join(path, 'wp-config.php'), 'utf8').replace(/\$table_prefix[\s\S]*$/, '');
    rmSync(join(path, 'wp-config.php'));
    renameSync(join(path, 'wp-content'), join(docroot, 'app'));
    lay(project, {
      '.env': 'DB_PASSWORD=secret',
      'config/application.php': `${config}
        define( 'WP_ENV', 'production' );
        define( 'WP_CONTENT_DIR', '${docroot}/app' ); define( 'WP_CONTENT_URL', '${url}/app' );
        if ( ! defined( 'ABSPATH' ) ) { define( 'ABSPATH', '${path}/' ); }
        $table_prefix = 'wp_';`,
      'vendor/autoload.php': AUTOLOAD,
      'vendor/composer/autoload_psr4.php': `${HEAD} return array('Acme\\\\' => array($vendorDir.'/acme/clock/src', $vendorDir.'/acme/linked'), 'App\\\\' => array($baseDir.'/src'));`,
      'vendor/composer/autoload_files.php': `${HEAD} return array('1' => $baseDir.'/lib/helpers.php');`,
      'vendor/acme/clock/src/Clock.php': cls('Acme/Clock'),
      'packages/linked/Linked.php': cls('Acme/Linked'),
      'src/Own.php': cls('App/Own'),
      'lib/helpers.php': `<?php function acme_helper() { return 'helper'; }`,
    });
    symlinkSync('../../packages/linked', join(project, 'vendor/acme/linked'));
    writeFileSync(
      join(docroot, 'wp-config.php'),
      `<?php
      require_once dirname( __DIR__ ) . '/vendor/autoload.php';
      require_once dirname( __DIR__ ) . '/config/application.php';
      require_once ABSPATH . 'wp-settings.php';`,
    );
  },
  check: async ({ clone, get, cli }) => {
    const { warnings } = clone();
    const front = await get('/');
    expect(front.body).toContain('<!-- Clock Linked Own helper production 1 -->');
    expect((await get('/.wpclone-above/vendor/acme/clock/src/Clock.php')).status).toBe(404);
    const told = warnings.filter(({ code }) => code === 'CONFIG_FILES_LEFT_OUT');
    expect(told).toHaveLength(1);
    expect(told[0]?.message).toContain('/config/application.php');
    const above = join(cli.cloneFolder(), 'www/.wpclone-above');
    expect(existsSync(join(above, 'vendor/autoload.php'))).toBe(true);
    expect(existsSync(join(above, 'config'))).toBe(false);
  },
};
