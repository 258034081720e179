<?php
/**
 * What the site says about itself.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-budget.php';
require_once __DIR__ . '/database.php';
require_once __DIR__ . '/schema.php';
require_once __DIR__ . '/keys-of-tables.php';
require_once __DIR__ . '/roots.php';
require_once __DIR__ . '/code-folders.php';
require_once __DIR__ . '/home-folder.php';
require_once __DIR__ . '/definitions.php';
require_once __DIR__ . '/growth.php';
require_once __DIR__ . '/rows-text.php';
require_once __DIR__ . '/constants.php';
require_once __DIR__ . '/config-code.php';
require_once __DIR__ . '/database-rights.php';
require_once __DIR__ . '/write/tidy.php';

/**
 * Answers "info".
 *
 * @param array $request "gzip".
 * @param array $key     The key that signed it.
 */
function answer_info( array $request, array $key ) {
	start_stream();
	$info = array( 'administrator' => $key['user'] ) + site_info();
	send_frame( 'I', array(), wp_json_encode( $info, JSON_FLAGS ), ! empty( $request['gzip'] ) );
	end_stream( true );
}

/**
 * Everything a client needs before it starts; src/site/info.ts of wpclone has the schema.
 */
function site_info() {
	global $wpdb;
	$db        = connect_database( 'utf8mb4' );
	$contents  = describe_database( $db );
	$constants = configured_constants();
	$theme     = array(
		'stylesheet' => (string) get_option( 'stylesheet' ),
		'template'   => (string) get_option( 'template' ),
	);
	return array(
		'protocol'         => PROTOCOL,
		'rowFormat'        => ROW_FORMAT,
		'wordpressVersion' => wordpress_version(),
		'phpVersion'       => PHP_VERSION,
		// phpcs:ignore WordPress.Security -- Compared, never printed.
		'serverSoftware'   => isset( $_SERVER['SERVER_SOFTWARE'] ) ? (string) $_SERVER['SERVER_SOFTWARE'] : '',
		'database'         => describe_server( $db ),
		'multisite'        => is_multisite(),
		'home'             => site_address( 'home' ),
		'siteurl'          => site_address( 'siteurl' ),
		'tablePrefix'      => $wpdb->base_prefix,
		'charset'          => (string) $wpdb->charset,
		// Not what was asked for, but what the server agreed to.
		'connectionCharset' => (string) $wpdb->get_var( 'SELECT @@character_set_results' ),
		'collate'          => (string) $wpdb->collate,
		'locale'           => get_locale(),
		'paths'            => site_paths(),
		'urls'             => site_urls(),
		'roots'            => array_map(
			function ( $root ) {
				return array(
					'id'    => $root['id'],
					'path'  => $root['path'],
					'place' => $root['place'],
				);
			},
			site_roots()
		),
		'tables'           => $contents['tables'],
		'views'            => $contents['views'],
		'triggers'         => $contents['triggers'],
		'others'           => $contents['others'],
		'leftOut'          => $contents['left_out'],
		'growth'           => table_growth( $db, array_column( $contents['tables'], 'name' ) ),
		'otherPrefixes'    => $contents['other'],
		'restores'         => known_restores(),
		'activePlugins'    => array_values( array_diff( (array) get_option( 'active_plugins', array() ), array( plugin_basename( FILE ) ) ) ),
		'theme'            => $theme,
		'dropIns'          => files_among( WP_CONTENT_DIR, array( 'advanced-cache.php', 'db.php', 'db-error.php', 'install.php', 'maintenance.php', 'object-cache.php', 'php-error.php', 'fatal-error-handler.php', 'sunrise.php' ) ),
		'muPlugins'        => array_map( 'basename', (array) glob( WPMU_PLUGIN_DIR . '/*.php' ) ),
		'constants'        => (object) $constants['told'],
		'configuration'    => array(
			'withheld' => $constants['withheld'],
			'paths'    => $constants['paths'],
		) + describe_loaded_files() + code_of_configuration(),
		'php'              => array(
			'sapi'         => PHP_SAPI,
			// Whether code may begin with "<?" alone.
			'shortOpenTag' => filter_var( ini_get( 'short_open_tag' ), FILTER_VALIDATE_BOOLEAN ),
		),
		'writes'           => where_it_may_write() + array( 'missing' => missing_in_database( $db ) ),
		'limits'           => array(
			'executionSeconds' => (int) ini_get( 'max_execution_time' ),
			'memoryBytes'      => memory_limit_bytes(),
			'gzip'             => function_exists( 'gzcompress' ),
		),
	);
}

/**
 * What a restore could do with files, as far as that can be told without trying.
 *
 * @return array{uploads: bool, free: int|null, folds: bool, code: array}
 */
function where_it_may_write() {
	$uploads = own_uploads( site_paths() );
	$near    = $uploads;
	while ( '' !== $near && '/' !== $near && '.' !== $near && ! is_dir( $near ) ) {
		$near = dirname( $near );
	}
	$is_dir = '' !== $uploads && is_dir( $near );
	// phpcs:ignore WordPress.PHP.NoSilencedErrors -- some hosts forbid to ask.
	$free = $is_dir && function_exists( 'disk_free_space' ) ? @disk_free_space( $near ) : false;
	return array(
		'uploads' => $is_dir && is_writable( $near ), // phpcs:ignore WordPress.WP.AlternativeFunctions
		'free'    => false === $free ? null : (int) $free,
		'folds'   => folds_names( WP_CONTENT_DIR ) || ( $is_dir && folds_names( $near ) ),
		'code'    => where_code_may_go(),
		'tables'  => true,
	);
}

/**
 * Whether the file system of a folder takes names that differ by case only for one. Nothing is written to find out.
 *
 * @param string $folder Folder.
 */
function folds_names( $folder ) {
	$names = scandir( $folder );
	foreach ( is_array( $names ) ? $names : array() as $name ) {
		if ( 1 === preg_match( '/^[!-~]*[a-z][!-~]*$/Di', $name ) ) {
			$other = strtoupper( $name ) === $name ? strtolower( $name ) : strtoupper( $name );
			return ! in_array( $other, $names, true ) && file_exists( $folder . '/' . $other );
		}
	}
	return false;
}

/**
 * The version as the core's file has it; some plugins falsify the variable.
 */
function wordpress_version() {
	$wp_version = '';
	include ABSPATH . WPINC . '/version.php';
	return $wp_version;
}

/**
 * The database server.
 *
 * @param \mysqli $db Connection.
 */
function describe_server( $db ) {
	$rows = fetch_all( $db, 'SELECT VERSION() AS version, @@max_allowed_packet AS packet' );
	return array(
		'version'          => $rows[0]['version'],
		'flavor'           => false === stripos( $rows[0]['version'], 'mariadb' ) ? 'mysql' : 'mariadb',
		'maxAllowedPacket' => (int) $rows[0]['packet'],
		'ignoresCase'      => ignored_case( $db ) > 0,
	);
}

/**
 * Those of some names that are files in a folder.
 *
 * @param string   $folder Absolute.
 * @param string[] $names  File names.
 */
function files_among( $folder, array $names ) {
	return array_values(
		array_filter(
			$names,
			function ( $name ) use ( $folder ) {
				return is_file( $folder . '/' . $name );
			}
		)
	);
}
