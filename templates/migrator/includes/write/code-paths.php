<?php
/**
 * Which files of code a restore may write, and where they lie: the site's own word, whatever a client sends. The path of one begins with
 * the word for its folder and a colon, which no path of the uploads can hold. src/restore/code/code-paths.ts of wpclone has the same
 * rules, and a test compares them.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/upload-paths.php';
require_once __DIR__ . '/../code-folders.php';

/** What is hidden, tells a server what to do, holds settings, is read otherwise by another file system, or is our own. */
const UNSAFE_CODE_NAME = '/^$|^\.|[\x00-\x1f\x7f\\\\:]|[. ]$|^web\.config$|^php\.ini$|^#*wp-config[^a-z]|^wpclone-/i';

/** A file of code: its folder's word, and the path below it. */
const CODE_PATH = '/^(plugins|mu-plugins|themes|languages):(.+)$/Ds';

/**
 * Whether a path of a restore is one of code.
 *
 * @param string $path Path.
 */
function is_code_path( $path ) {
	return 1 === preg_match( CODE_PATH, $path );
}

/**
 * Whether a path below a folder of code may be written.
 *
 * @param string $path Path.
 */
function is_safe_code( $path ) {
	if ( strlen( $path ) > LONGEST_UPLOAD_PATH - 12 || 1 !== preg_match( '//u', $path ) ) {
		return false;
	}
	foreach ( explode( '/', $path ) as $name ) {
		if ( 1 === preg_match( UNSAFE_CODE_NAME, $name ) ) {
			return false;
		}
	}
	return true;
}

/**
 * Where a file of a restore lies: the folder that is there in any case, and its full path, on which nothing is a link.
 *
 * @param string $uploads As from uploads_base().
 * @param string $path    As in the list of files.
 * @return array{0: string, 1: string}
 * @throws Refusal When it may not be written.
 */
function file_place( $uploads, $path ) {
	if ( 1 !== preg_match( CODE_PATH, $path, $parts ) ) {
		return array( $uploads, upload_target( $uploads, $path ) );
	}
	$folder = wp_normalize_path( code_folders()[ $parts[1] ] );
	$base   = is_safe_code( $parts[2] ) ? code_base( $parts[1] ) : null;
	if ( null === $base ) {
		throw unsafe_file( $path );
	}
	$names = explode( '/', ( is_dir( $folder ) ? '' : basename( $folder ) . '/' ) . $parts[2] );
	$full  = $base;
	clearstatcache();
	foreach ( $names as $at => $name ) {
		$full   .= '/' . $name;
		$is_last = count( $names ) - 1 === $at;
		if ( is_link( $full ) || ( $is_last ? is_dir( $full ) : file_exists( $full ) && ! is_dir( $full ) ) ) {
			throw unsafe_file( $path );
		}
	}
	// Nothing of ours, by whatever name the folder goes, and nothing that is uploads.
	if ( is_within( $full, (string) realpath( dirname( __DIR__, 2 ) ) ) || is_within( $full, $uploads ) ) {
		throw unsafe_file( $path );
	}
	return array( $base, $full );
}

/**
 * Refuses code where the host, or who made the key, does not let it be written.
 *
 * @param string $path    As in the list of files.
 * @param array  $restore Row.
 * @throws Refusal When it is so.
 */
function refuse_forbidden_code( $path, array $restore ) {
	static $known = array();
	if ( 1 !== preg_match( CODE_PATH, $path, $parts ) ) {
		return;
	}
	$word = $parts[1];
	if ( ! isset( $known[ $word ] ) ) {
		$known[ $word ] = user_can( (int) $restore['user_id'], 'update_plugins' ) || 0 === (int) $restore['user_id'] ? code_hindrance( $word ) : 'rights';
	}
	if ( '' !== $known[ $word ] ) {
		throw about_file( 'code_closed', $path, 'The site lets no code be written there (' . $known[ $word ] . ').' );
	}
}

/**
 * How people read the path of a file: below the site's content.
 *
 * @param string $path As in the list of files.
 */
function shown_path( $path ) {
	return is_code_path( $path ) ? str_replace( ':', '/', substr( $path, 0, 12 ) ) . substr( $path, 12 ) : 'uploads/' . $path;
}

/**
 * Has PHP forget what it compiled of files of code.
 *
 * @param string[] $files Full paths.
 */
function forget_compiled( array $files ) {
	clearstatcache();
	if ( ! function_exists( 'opcache_invalidate' ) ) {
		return;
	}
	foreach ( $files as $file ) {
		@opcache_invalidate( $file, true ); // phpcs:ignore WordPress.PHP.NoSilencedErrors
	}
}
