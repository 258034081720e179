<?php
/**
 * What a symbolic link means to a copy.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Decides about a link.
 *
 * @param array  $root Root it is in.
 * @param string $path Relative to the root.
 * @param string $full Absolute.
 * @return array{0: string, 1: string}|null Kind and target or reason; null when another root takes its place.
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
		return array( 'x', 'outside' );
	}
	if ( ! is_sendable( $root['path'], ltrim( substr( $real, strlen( $root['path'] ) ), '/' ) ) ) {
		return array( 'x', 'outside' );
	}
	return array( 'l', relative_target( dirname( $full ), $real ) );
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
