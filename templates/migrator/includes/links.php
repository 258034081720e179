<?php
/**
 * What a symbolic link means to a copy.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/code-folders.php';

/** What lies at a site's address for everybody to read, and the rules of its web server. */
const SHOWN_NAMES = '/^\.htaccess$|.\.(txt|xml|html?|ico|png|svg|webmanifest)$/i';

/**
 * Decides about a link.
 *
 * @param array  $root Root it is in.
 * @param string $path Relative to the root.
 * @param string $full Absolute.
 * @return array{0: string, 1: string|null}|null Kind and target or reason; null when another root takes its place.
 */
function classify_link( array $root, $path, $full ) {
	$real = realpath( $full );
	if ( false === $real ) {
		// Where PHP is kept to some folders, it cannot see whether there is something behind the link.
		return array( 'x', is_endless( $full ) ? 'loop' : ( ini_get( 'open_basedir' ) ? 'outside' : 'nowhere' ) );
	}
	if ( is_within( $full, $real ) ) {
		return array( 'x', 'loop' );
	}
	$place = trim( $root['place'] . '/' . $path, '/' );
	foreach ( site_roots() as $other ) {
		if ( $other['path'] === $real && $other['place'] === $place ) {
			return null;
		}
	}
	if ( ! is_within( $real, $root['path'] ) ) {
		return null === linked_file( $full ) ? array( 'x', 'outside' ) : array( 'f', null );
	}
	if ( ! is_sendable( $root['path'], ltrim( substr( $real, strlen( $root['path'] ) ), '/' ) ) ) {
		return array( 'x', 'outside' );
	}
	return array( 'l', relative_target( dirname( $full ), $real ) );
}

/**
 * The file outside that a link stands for where it is one of the site's own all the same, as in releases that share some files: a must-use
 * plugin, or what everybody may read at the site's address. Other single files that are linked in are settings and passwords mostly.
 *
 * @param string $full Absolute, of the link.
 * @return string|null Real path.
 */
function linked_file( $full ) {
	$folder = dirname( $full );
	$name   = basename( $full );
	$code   = realpath( mu_plugins_folder() ) === $folder && 1 === preg_match( '/\.php$/i', $name );
	$shown  = in_array( $folder, array( realpath( ABSPATH ), home_folder() ), true ) && 1 === preg_match( SHOWN_NAMES, $name );
	if ( ( ! $code && ! $shown ) || ! is_link( $full ) ) {
		return null;
	}
	$real = realpath( $full );
	$safe = false !== $real && is_file( $real ) && is_readable( $real ) && ! is_never_sent( dirname( $real ), basename( $real ) ) && ! file_holds_secret( $real );
	return $safe ? $real : null;
}

/**
 * Whether following a link never ends.
 *
 * @param string $full Absolute.
 */
function is_endless( $full ) {
	for ( $steps = 0; $steps < 40; $steps++ ) {
		// phpcs:ignore WordPress.PHP.NoSilencedErrors
		$target = @readlink( $full );
		if ( false === $target ) {
			return false;
		}
		$full = '/' === $target[0] ? $target : dirname( $full ) . '/' . $target;
		if ( strlen( $full ) > 4000 ) {
			return true;
		}
	}
	return true;
}

/**
 * The way from a folder to a path.
 *
 * @param string $folder Real path.
 * @param string $target Real path.
 */
function relative_target( $folder, $target ) {
	$from = explode( '/', trim( $folder, '/' ) );
	$to   = explode( '/', trim( $target, '/' ) );
	while ( array() !== $from && array() !== $to && $from[0] === $to[0] ) {
		array_shift( $from );
		array_shift( $to );
	}
	$way = array_merge( array_fill( 0, count( $from ), '..' ), $to );
	return array() === $way ? '.' : implode( '/', $way );
}
