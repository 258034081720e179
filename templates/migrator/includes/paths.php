<?php
/**
 * From what a request names to a file: inside a root, through no link, never a secret.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * The roots by id.
 *
 * @return array<string, array>
 */
function roots_by_id() {
	static $roots = null;
	if ( null === $roots ) {
		$roots = array_column( site_roots(), null, 'id' );
	}
	return $roots;
}

/**
 * The absolute path of a file that a request names.
 *
 * @param mixed $root Id of a root.
 * @param mixed $path Relative to it.
 * @return string|null Null when it does not exist as a plain path inside the root, or is never sent.
 */
function resolve_file( $root, $path ) {
	$roots = roots_by_id();
	if ( ! is_string( $root ) || ! isset( $roots[ $root ] ) || ! is_string( $path ) || '' === $path || false !== strpos( $path, "\0" ) ) {
		return null;
	}
	$base = $roots[ $root ]['path'];
	$full = $base . '/' . $path;
	// Exactly its own real path: no "..", no ".", no double slash, no link on the way.
	if ( realpath( $full ) !== $full || ! is_sendable( $base, $path ) ) {
		return null;
	}
	return $full;
}

/**
 * Whether no part of a path is something that is never sent. Folders are remembered: files come many from one.
 *
 * @param string $base Real path of the root.
 * @param string $path Relative to it.
 */
function is_sendable( $base, $path ) {
	static $known = array();
	$cut          = strrpos( $path, '/' );
	$folder       = false === $cut ? '' : substr( $path, 0, $cut );
	$name         = false === $cut ? $path : substr( $path, $cut + 1 );
	if ( '' === $folder ) {
		return ! is_never_sent( $base, $name );
	}
	$full = $base . '/' . $folder;
	if ( ! isset( $known[ $full ] ) ) {
		if ( count( $known ) > 5000 ) {
			$known = array();
		}
		$known[ $full ] = is_sendable( $base, $folder ) && ! is_other_site( $full );
	}
	return $known[ $full ] && ! is_never_sent( $full, $name );
}
