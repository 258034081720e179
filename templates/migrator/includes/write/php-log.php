<?php
/**
 * PHP's log, as far as it can be read: entries, and the places that they name.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/../code-folders.php';

/** Bytes at the end of the log that are looked at. */
const LOG_TAIL = 262144;

/** How an error begins in the log: time and kind. */
const LOG_HEAD = '/^\[([^\]]{1,60})\] PHP (Fatal error|Parse error|Recoverable fatal error|Warning):\s/';

/** The place of an error: at the end of its first line or, where what it says has several, behind them. */
const LOG_PLACES = array( '/\s.* in (\S.*?)(?: on line |:)(\d{1,9})\s*$/', '/^  thrown in (\S.*?) on line (\d{1,9})\s*$/' );

/** Who called whom. */
const LOG_CALLER = '/^#\d{1,4} (\S.*?)\(\d{1,9}\): /';

/**
 * The last lines of PHP's log; null where there is none that can be read.
 */
function tail_of_log() {
	$file = (string) ini_get( 'error_log' );
	// A log in the working folder of whoever writes is none that can be found; "syslog" is no file.
	if ( ! preg_match( '#^(/|[A-Za-z]:[/\\\\])#', $file ) || ! @is_file( $file ) || ! @is_readable( $file ) ) {
		return null;
	}
	$handle = @fopen( $file, 'rb' );
	if ( false === $handle ) {
		return null;
	}
	$stat = fstat( $handle );
	fseek( $handle, max( 0, $stat['size'] - LOG_TAIL ) );
	$text = stream_get_contents( $handle, LOG_TAIL );
	fclose( $handle );
	return false === $text ? null : explode( "\n", $text );
}

/**
 * The entries of a log: the lines of each.
 *
 * @param string[] $lines Of the log.
 * @return array[]
 */
function log_entries( array $lines ) {
	$entries = array();
	foreach ( $lines as $line ) {
		if ( '' !== $line && '[' === $line[0] ) {
			$entries[] = array( $line );
		} elseif ( array() !== $entries ) {
			$entries[ count( $entries ) - 1 ][] = $line;
		}
	}
	return $entries;
}

/**
 * The place of an error.
 *
 * @param string[] $entry Of the log.
 * @return array{0: string, 1: int}|null File and line; null where it names none.
 */
function place_of( array $entry ) {
	foreach ( $entry as $at => $line ) {
		if ( preg_match( LOG_PLACES[ 0 === $at ? 0 : 1 ], $line, $parts ) ) {
			return array( $parts[1], (int) $parts[2] );
		}
	}
	return null;
}

/**
 * The files through which a request had come to an error, as far as the log names them.
 *
 * @param string[] $entry Of the log.
 * @return string[]
 */
function callers_of( array $entry ) {
	$files = array();
	foreach ( $entry as $line ) {
		if ( preg_match( LOG_CALLER, $line, $parts ) ) {
			$files[] = $parts[1];
		}
	}
	return $files;
}

/**
 * The folders in which errors of this site may be, each by both of its names (PHP logs where links lead to), and what stands before a place in
 * it: folders that are linked into the site lie elsewhere.
 *
 * @return array<string, string> Folder, with a slash at its end → beginning of the place.
 */
function folders_of_log() {
	static $folders = null;
	if ( null !== $folders ) {
		return $folders;
	}
	$found = array( array( ABSPATH, '' ), array( WP_CONTENT_DIR, '' ) );
	foreach ( code_folders() as $word => $folder ) {
		$found[] = array( $folder, $word . '/' );
		foreach ( linked_folders( $folder ) as $name => $target ) {
			$found[] = array( $target, $word . '/' . $name . '/' );
		}
	}
	$folders = array();
	foreach ( $found as list( $folder, $before ) ) {
		foreach ( names_of_folder( $folder ) as $name ) {
			$folders += array( $name . '/' => $before );
		}
	}
	return $folders;
}

/**
 * A folder as the site names it, and as it is called once links are followed.
 *
 * @param string $folder Absolute.
 * @return string[] Without slashes at their ends.
 */
function names_of_folder( $folder ) {
	$real = realpath( $folder );
	return array_unique( array_map( 'untrailingslashit', array_map( 'wp_normalize_path', array( $folder, false === $real ? $folder : $real ) ) ) );
}

/**
 * The path of a file below this site's own folders; null for another one: a log may be shared.
 *
 * @param string $file As the log has it.
 */
function place_in_site( $file ) {
	$file = wp_normalize_path( $file );
	foreach ( folders_of_log() as $folder => $before ) {
		if ( 0 === strpos( $file, $folder ) && strlen( $file ) - strlen( $folder ) <= 300 ) {
			return $before . substr( $file, strlen( $folder ) );
		}
	}
	return null;
}
