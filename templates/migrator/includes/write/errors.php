<?php
/**
 * What PHP has written into its log since a restore was applied: which errors, where in this site's files, how often. Never what they say:
 * passwords and rows may stand there.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/apply.php';
require_once __DIR__ . '/php-log.php';
require_once __DIR__ . '/../code-folders.php';

/** Errors that are told of. */
const MOST_ERRORS = 20;

/**
 * Answers "errors".
 *
 * @param array   $request Nothing.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 */
function tell_errors( array $request, array $restore, $db ) {
	$receipt = read_receipt( $db, $restore['id'] );
	$applied = isset( $receipt['applied'] ) ? $receipt['applied'] : array( 'at' => time() );
	$gate    = isset( $applied['gateMilliseconds'] ) ? (int) ceil( $applied['gateMilliseconds'] / 1000 ) : null;
	// While code is replaced, and to the end of that second, a request that had begun before may have met half of it: that tells nothing.
	$until = (int) $applied['at'] - ( null === $gate ? 0 : $gate + 1 );
	$since = (int) $applied['at'] + ( null === $gate ? 0 : 1 );
	$lines = tail_of_log();
	answer_write(
		array(
			'log'    => null !== $lines,
			'errors' => null === $lines ? array() : new_errors( $lines, $until, $since, restored_places( $db, $restore ) ),
		)
	);
}

/**
 * What may be to blame for an error: where the code lies that a restore brought or switched, and the names of settings and tables that it
 * wrote, from which plugins are told by their own.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @return array{code: string[], names: string[]}
 */
function restored_places( $db, array $restore ) {
	global $wpdb;
	$shape = kept_shape( $db, $restore );
	$paths = array();
	foreach ( empty( $shape['plugins'] ) ? array() : $shape['plugins'] as $plugin ) {
		$paths[] = 'plugins:' . $plugin['file'];
	}
	foreach ( has_files( $shape ) ? restore_files( $db, $restore['id'], 'NOT (f.sha_from <=> f.sha_to)' ) : array() as $file ) {
		$paths[] = $file['path'];
	}
	$code = array();
	foreach ( $paths as $path ) {
		if ( is_code_path( $path ) ) {
			list( $word, $below ) = explode( ':', $path, 2 );
			foreach ( names_of_folder( code_folders()[ $word ] ) as $folder ) {
				$code[] = $folder . '/' . explode( '/', $below )[0];
			}
		}
	}
	$names = array();
	foreach ( fetch_all( $db, 'SELECT id FROM ' . quote_name( restore_prefix( $restore['id'] ) . 'u' ) . " WHERE id LIKE 'option:%'" ) as $row ) {
		$names[] = substr( $row['id'], strlen( 'option:' ) );
	}
	foreach ( $shape['tables'] as $table ) {
		$names[] = substr( $table['name'], strlen( $wpdb->base_prefix ) );
	}
	return array(
		'code'  => array_unique( $code ),
		'names' => array_map( __NAMESPACE__ . '\\plain_name', $names ),
	);
}

/**
 * A name without what plugins, settings and tables write differently.
 *
 * @param string $name Name.
 */
function plain_name( $name ) {
	return str_replace( '-', '_', strtolower( $name ) );
}

/**
 * Whether one of some files belongs to what a restore brought, switched or wrote.
 *
 * @param string[] $files    Full paths.
 * @param array    $restored As from restored_places().
 */
function is_restored( array $files, array $restored ) {
	foreach ( $files as $file ) {
		$file = wp_normalize_path( $file );
		foreach ( $restored['code'] as $place ) {
			if ( $file === $place || 0 === strpos( $file, $place . '/' ) ) {
				return true;
			}
		}
		$package = package_of( $file );
		if ( null !== $package && starts_with_name( $restored['names'], plain_name( $package ) ) ) {
			return true;
		}
	}
	return false;
}

/**
 * The plugin or theme in whose folder a file lies, which may be a link; null for none.
 *
 * @param string $file Full path.
 */
function package_of( $file ) {
	foreach ( array( 'plugins', 'themes' ) as $word ) {
		$folder = code_folders()[ $word ];
		foreach ( names_of_folder( $folder ) as $name ) {
			$below = is_within( $file, $name ) ? explode( '/', substr( $file, strlen( $name ) + 1 ) ) : array();
			if ( count( $below ) > 1 ) {
				return $below[0];
			}
		}
		foreach ( linked_folders( $folder ) as $name => $target ) {
			if ( is_within( $file, wp_normalize_path( $target ) ) ) {
				return (string) $name;
			}
		}
	}
	return null;
}

/**
 * Whether one of some names is that of a package, or begins with it.
 *
 * @param string[] $names   Names.
 * @param string   $package Name of the package.
 */
function starts_with_name( array $names, $package ) {
	foreach ( $names as $name ) {
		if ( $name === $package || 0 === strpos( $name, $package . '_' ) ) {
			return true;
		}
	}
	return false;
}

/**
 * Errors in this site's files that were not there before, fatal ones first, those of what was restored before all others.
 *
 * @param string[] $lines    Of the log.
 * @param int      $until    Seconds since the epoch: what was logged sooner was there before.
 * @param int      $since    What was logged sooner and was not there before tells nothing.
 * @param array    $restored As from restored_places().
 */
function new_errors( array $lines, $until, $since, array $restored ) {
	$before = array();
	$found  = array();
	foreach ( log_entries( $lines ) as $entry ) {
		$place = preg_match( LOG_HEAD, $entry[0], $head ) ? place_of( $entry ) : null;
		if ( null === $place || null === place_in_site( $place[0] ) ) {
			continue;
		}
		// The same error again, whatever it counts: what it says is compared here and goes nowhere.
		$key = preg_replace( '/\d+/', '#', substr( $entry[0], strlen( $head[1] ) + 2 ) );
		$at  = (int) strtotime( $head[1] );
		if ( $at < $until ) {
			$before[ $key ] = true;
		} elseif ( $at < $since ) {
			continue;
		} elseif ( isset( $found[ $key ] ) ) {
			++$found[ $key ]['times'];
		} else {
			$found[ $key ] = array(
				'fatal'    => 'Warning' !== $head[2],
				'restored' => is_restored( array_merge( array( $place[0] ), callers_of( $entry ) ), $restored ),
				'file'     => base64_encode( place_in_site( $place[0] ) ),
				'line'     => $place[1],
				'times'    => 1,
			);
		}
	}
	$new = array_values( array_diff_key( $found, $before ) );
	usort(
		$new,
		static function ( $one, $other ) {
			return ( $other['fatal'] ? 2 : 0 ) + (int) $other['restored'] - ( $one['fatal'] ? 2 : 0 ) - (int) $one['restored'];
		}
	);
	return array_slice( $new, 0, MOST_ERRORS );
}
