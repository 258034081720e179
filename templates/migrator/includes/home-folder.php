<?php
/**
 * The folder of the site's address when WordPress has a folder of its own, and other sites that lie beside it.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Any of these files makes a folder a WordPress: the first where its wp-config.php is one folder up. */
const MARKS_OF_WORDPRESS = array( 'wp-settings.php', 'wp-load.php', 'wp-config.php' );

/**
 * The folder that holds the core's, when the site's address leads there ("Giving WordPress its own directory"). No guess by names:
 * it is the one whose index.php the web server ran for this request to that address.
 *
 * @return string|null Real path; null when there is none, or it cannot be told.
 */
function home_folder() {
	static $folder = false;
	if ( false === $folder ) {
		$folder = find_home_folder();
	}
	return $folder;
}

/**
 * Looks for it.
 *
 * @return string|null
 */
function find_home_folder() {
	// phpcs:disable WordPress.Security -- Compared and resolved, never printed.
	$below  = core_below_home();
	$script = isset( $_SERVER['SCRIPT_FILENAME'] ) ? (string) $_SERVER['SCRIPT_FILENAME'] : '';
	$asked  = isset( $_SERVER['REQUEST_URI'] ) ? url_place( $_SERVER['REQUEST_URI'] ) : null;
	// phpcs:enable
	$home   = url_place( site_address( 'home' ) );
	if ( '' === $below || 'index.php' !== basename( $script ) || ! in_array( $asked, array( $home, trim( $home . '/index.php', '/' ) ), true ) ) {
		return null;
	}
	$folder = realpath( dirname( $script ) );
	$core   = (string) realpath( ABSPATH );
	if ( false === $folder || is_within( $folder, $core ) ) {
		return null;
	}
	// In another place than its address says it would be copied to where nobody looks for it.
	return is_within( $core, $folder ) && $core !== $folder . '/' . $below ? null : $folder;
}

/**
 * The path from the site's address to the core's; '' when that is not below.
 */
function core_below_home() {
	$home = trailingslashit( set_url_scheme( site_address( 'home' ), 'http' ) );
	$core = untrailingslashit( set_url_scheme( site_address( 'siteurl' ), 'http' ) );
	return 0 === stripos( $core, $home ) ? rawurldecode( substr( $core, strlen( $home ) ) ) : '';
}

/**
 * Whether a folder is another WordPress's: neither this one's nor around it. What this site keeps in its content is its own, whatever it holds.
 *
 * @param string $folder Real path.
 */
function is_other_site( $folder ) {
	foreach ( own_folders() as $own ) {
		if ( is_within( $folder, $own ) ) {
			return false;
		}
	}
	if ( is_within( (string) realpath( ABSPATH ), $folder ) || home_folder() === $folder ) {
		return false;
	}
	foreach ( MARKS_OF_WORDPRESS as $name ) {
		if ( is_file( $folder . '/' . $name ) ) {
			return true;
		}
	}
	return false;
}

/**
 * The real paths of the folders that only this site uses.
 *
 * @return string[]
 */
function own_folders() {
	static $folders = null;
	if ( null === $folders ) {
		$paths = site_paths();
		unset( $paths['abspath'] );
		$folders = array_filter( array_map( 'realpath', array_values( $paths ) ) );
		foreach ( site_roots() as $root ) {
			if ( 'core' !== $root['id'] && 'home' !== $root['id'] ) {
				$folders[] = $root['path'];
			}
		}
	}
	return $folders;
}
