<?php
/**
 * From what a request names to a file: inside a root, through no link, never a secret.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/links.php';

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
 * A name as JSON can hold it: text, or the base64 of bytes that are none.
 *
 * @param string $name Path or link target.
 * @return string|array{b: string}
 */
function name_for_wire( $name ) {
	return 1 === preg_match( '//u', $name ) ? $name : array( 'b' => base64_encode( $name ) );
}

/**
 * The name that came in either form.
 *
 * @param mixed $name From a request.
 * @return string|null
 */
function name_from_wire( $name ) {
	if ( is_array( $name ) && isset( $name['b'] ) && is_string( $name['b'] ) ) {
		$name = base64_decode( $name['b'], true );
	}
	return is_string( $name ) ? $name : null;
}

/**
 * The absolute path of a file that a request names.
 *
 * @param mixed $root Id of a root.
 * @param mixed $name Relative to it, as name_for_wire() writes names.
 * @return string|null Null when it does not exist as a plain path inside the root, nor as a link that stands for a file (see linked_file()), or is never sent.
 */
function resolve_file( $root, $name ) {
	$roots = roots_by_id();
	$path  = name_from_wire( $name );
	if ( ! is_string( $root ) || ! isset( $roots[ $root ] ) || null === $path || '' === $path || false !== strpos( $path, "\0" ) ) {
		return null;
	}
	$base = $roots[ $root ]['path'];
	$full = $base . '/' . $path;
	// Exactly its own real path: no "..", no ".", no double slash, no link on the way.
	$real = realpath( $full ) === $full ? $full : linked_file( $full );
	return null !== $real && is_sendable( $base, $path ) ? $real : null;
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
