<?php
/**
 * Where the code of plugins and themes lies, and whether this host lets a restore write there. All that keeps it from it is found
 * before anything is written.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/roots.php';

/**
 * The folders, by the word that paths of a restore begin with.
 *
 * @return array<string, string>
 */
function code_folders() {
	return array(
		'plugins'    => WP_PLUGIN_DIR,
		'mu-plugins' => mu_plugins_folder(),
		'themes'     => WP_CONTENT_DIR . '/themes',
		'languages'  => WP_CONTENT_DIR . '/languages',
	);
}

/**
 * The folder of must-use plugins. A request that came through the gate has WordPress look elsewhere.
 */
function mu_plugins_folder() {
	$kept = __NAMESPACE__ . '\\REAL_MU_PLUGINS';
	return defined( $kept ) ? constant( $kept ) : WPMU_PLUGIN_DIR;
}

/**
 * The folder in which, or beside which, files of a code folder are made: itself, or the one around it as long as it is not there.
 *
 * @param string $word As in code_folders().
 * @return string|null Real path; null when it lies outside of the site's own folders.
 */
function code_base( $word ) {
	$folder = wp_normalize_path( code_folders()[ $word ] );
	$own    = is_within( $folder, untrailingslashit( wp_normalize_path( WP_CONTENT_DIR ) ) ) || is_within( $folder, untrailingslashit( wp_normalize_path( ABSPATH ) ) );
	$real   = realpath( is_dir( $folder ) ? $folder : dirname( $folder ) );
	return $own && false === strpos( $folder . '/', '/../' ) && false !== $real ? $real : null;
}

/**
 * What keeps code from being written there.
 *
 * @param string $word As in code_folders().
 * @return string Empty for nothing; else file_mods, gate, cache, elsewhere, read_only, other_disk.
 */
function code_hindrance( $word ) {
	if ( ! wp_is_file_mod_allowed( 'wpclone_restore' ) ) {
		return 'file_mods';
	}
	// Without it visitors would meet half of the old code and half of the new.
	$maintenance = ABSPATH . '.maintenance';
	// phpcs:disable WordPress.WP.AlternativeFunctions, WordPress.PHP.NoSilencedErrors
	if ( ! is_writable( ABSPATH ) || ( file_exists( $maintenance ) && ! is_writable( $maintenance ) ) || ! is_writable( dirname( __DIR__ ) ) ) {
		return 'gate';
	}
	if ( keeps_old_code() ) {
		return 'cache';
	}
	$base = code_base( $word );
	if ( null === $base ) {
		return 'elsewhere';
	}
	$near = own_uploads( site_paths() );
	while ( '' !== $near && ! is_dir( $near ) && dirname( $near ) !== $near ) {
		$near = dirname( $near );
	}
	$here  = '' === $near ? false : @stat( $near );
	$there = @stat( $base );
	if ( false === $here || false === $there || $here['dev'] !== $there['dev'] ) {
		return 'other_disk';
	}
	return is_writable( $base ) ? '' : 'read_only';
	// phpcs:enable
}

/**
 * Whether PHP keeps compiled code where we cannot have it forgotten: it would go on running what was replaced.
 */
function keeps_old_code() {
	if ( ! extension_loaded( 'Zend OPcache' ) || ! filter_var( ini_get( 'opcache.enable' ), FILTER_VALIDATE_BOOLEAN ) ) {
		return false;
	}
	$only = (string) ini_get( 'opcache.restrict_api' );
	// phpcs:ignore WordPress.Security -- compared, never printed.
	$script = isset( $_SERVER['SCRIPT_FILENAME'] ) ? (string) $_SERVER['SCRIPT_FILENAME'] : '';
	return ! function_exists( 'opcache_invalidate' ) || ( '' !== $only && 0 !== strpos( $script, $only ) );
}

/**
 * What a plan should know of it: folders that are closed, and why; single plugins and themes that are links or cannot be written to.
 *
 * @return array{closed: object, stuck: string[]}
 */
function where_code_may_go() {
	$closed = array();
	$stuck  = array();
	foreach ( code_folders() as $word => $folder ) {
		$hindrance = code_hindrance( $word );
		if ( '' !== $hindrance ) {
			$closed[ $word ] = $hindrance;
			continue;
		}
		$names = is_dir( $folder ) ? scandir( $folder ) : array();
		foreach ( is_array( $names ) ? array_diff( $names, array( '.', '..' ) ) : array() as $name ) {
			$path = $folder . '/' . $name;
			// phpcs:ignore WordPress.WP.AlternativeFunctions
			if ( is_link( $path ) || ( is_dir( $path ) && ! is_writable( $path ) ) ) {
				$stuck[] = base64_encode( $word . ':' . $name );
			}
		}
	}
	return array(
		'closed' => (object) $closed,
		'stuck'  => $stuck,
	);
}
