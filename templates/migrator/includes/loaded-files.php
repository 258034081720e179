<?php
/**
 * What the site's configuration loads before WordPress: an autoloader of Composer, other files, what the host prepends.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * The files between wp-config.php and wp-settings.php in the order in which PHP loaded them.
 *
 * @return string[] Real paths.
 */
function files_of_configuration() {
	$files  = get_included_files();
	$core   = (string) realpath( ABSPATH );
	$config = false;
	foreach ( array( $core, dirname( $core ) ) as $folder ) {
		$config = false === $config ? array_search( realpath( $folder . '/wp-config.php' ), $files, true ) : $config;
	}
	$settings = array_search( realpath( $core . '/wp-settings.php' ), $files, true );
	return false === $config || false === $settings ? array() : array_slice( $files, $config + 1, max( 0, $settings - $config - 1 ) );
}

/**
 * Those that are an autoloader of Composer, which load all else in their folder.
 *
 * @return string[] Real paths.
 */
function autoloaders() {
	static $found = null;
	if ( null === $found ) {
		$found = array_values(
			array_filter(
				files_of_configuration(),
				function ( $file ) {
					$folder = dirname( $file );
					return 'autoload.php' === basename( $file ) && ( 'vendor' === basename( $folder ) || is_file( $folder . '/composer/autoload_real.php' ) );
				}
			)
		);
	}
	return $found;
}

/**
 * Candidates for roots: the folders of autoloaders, what is linked into them, and the code beside them that they load. In the clone
 * they lie in a folder that no web server serves, as they lie at the source.
 *
 * @return array[] Lists of id, path, place.
 */
function autoloaded_folders() {
	$candidates = array();
	foreach ( autoloaders() as $number => $file ) {
		$vendor  = dirname( $file );
		$base    = dirname( $vendor );
		$place   = '.wpclone-above' . ( 0 === $number ? '' : '-' . $number );
		$folders = array_merge( array( $vendor ), folders_beside( $vendor ) );
		foreach ( $folders as $folder ) {
			$candidates[] = array( 'above-' . count( $candidates ), $folder, $place . substr( $folder, strlen( rtrim( $base, '/' ) ) ) );
		}
		foreach ( linked_packages( $vendor ) as $name => $target ) {
			$candidates[] = array( 'above-' . count( $candidates ), $target, $place . '/' . basename( $vendor ) . '/' . $name );
		}
	}
	return $candidates;
}

/**
 * The folders of the project's own classes and functions, beside the autoloader's.
 *
 * @param string $vendor Real path.
 * @return string[] Real paths, none of them the folder that holds the autoloader's.
 */
function folders_beside( $vendor ) {
	$base  = dirname( $vendor );
	$found = array();
	foreach ( array( 'psr4', 'namespaces', 'classmap', 'files' ) as $name ) {
		foreach ( autoload_map( $vendor, $name ) as $path ) {
			// Most are the packages' own; to resolve thousands of them would take long.
			$real   = 0 === strpos( $path, $vendor . '/' ) ? false : realpath( $path );
			$folder = is_string( $real ) && is_file( $real ) ? dirname( $real ) : $real;
			if ( is_string( $folder ) && $base !== $folder && is_within( $folder, $base ) && ! is_within( $folder, $vendor ) ) {
				$found[ $folder ] = true;
			}
		}
	}
	// A folder that wp-config.php itself loads from holds its settings, and passwords with them.
	$own = array_diff( files_of_configuration(), array_map( 'realpath', autoload_map( $vendor, 'files' ) ) );
	foreach ( $own as $file ) {
		unset( $found[ dirname( $file ) ] );
	}
	$folders = array_keys( $found );
	sort( $folders );
	return $folders;
}

/**
 * The paths in one of the lists that Composer writes.
 *
 * @param string $vendor Real path.
 * @param string $name   Of the list.
 * @return string[]
 */
function autoload_map( $vendor, $name ) {
	$file  = $vendor . '/composer/autoload_' . $name . '.php';
	$map   = is_file( $file ) ? include $file : array();
	$paths = array();
	foreach ( is_array( $map ) ? $map : array() as $some ) {
		foreach ( array_filter( (array) $some, 'is_string' ) as $path ) {
			$paths[] = $path;
		}
	}
	return $paths;
}

/**
 * Packages that Composer linked into its folder from elsewhere ("path" repositories).
 *
 * @param string $vendor Real path.
 * @return array<string, string> Path below the folder → real path.
 */
function linked_packages( $vendor ) {
	$found = linked_folders( $vendor );
	foreach ( (array) glob( $vendor . '/*', GLOB_ONLYDIR ) as $owner ) {
		foreach ( is_link( $owner ) ? array() : linked_folders( $owner ) as $name => $target ) {
			if ( ! is_within( $target, $vendor ) ) {
				$found[ basename( $owner ) . '/' . $name ] = $target;
			}
		}
	}
	return $found;
}

/**
 * What a client has to know of all this.
 *
 * @return array{autoloaders: string[], others: string[], prepended: string}
 */
function describe_loaded_files() {
	$folders = array_map( 'dirname', autoloaders() );
	$others  = array_filter(
		files_of_configuration(),
		function ( $file ) use ( $folders ) {
			foreach ( $folders as $folder ) {
				if ( is_within( $file, $folder ) ) {
					return false;
				}
			}
			return true;
		}
	);
	return array(
		'autoloaders' => autoloaders(),
		'others'      => array_values( $others ),
		'prepended'   => (string) ini_get( 'auto_prepend_file' ),
	);
}
