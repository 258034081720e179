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

/** Bytes at the end of the log that are looked at. */
const LOG_TAIL = 262144;

/** Errors that are told of. */
const MOST_ERRORS = 20;

/** A line of the log: time, kind, and at its end the place. */
const LOG_LINE = '/^\[([^\]]{1,60})\] PHP (Fatal error|Parse error|Recoverable fatal error|Warning):\s.* in (\S.*?)(?: on line |:)(\d{1,9})\s*$/';

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
	// In the second in which code is replaced, a request that had begun before may have met half of it.
	$since = (int) $applied['at'] + ( isset( $applied['gateMilliseconds'] ) ? 1 : 0 );
	$lines = tail_of_log();
	answer_write(
		array(
			'log'    => null !== $lines,
			'errors' => null === $lines ? array() : new_errors( $lines, $since ),
		)
	);
}

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
 * Errors in this site's files that were not there before, fatal ones first.
 *
 * @param string[] $lines Of the log.
 * @param int      $since Seconds since the epoch.
 */
function new_errors( array $lines, $since ) {
	$before = array();
	$found  = array();
	foreach ( $lines as $line ) {
		$place = preg_match( LOG_LINE, $line, $parts ) ? place_in_site( $parts[3] ) : null;
		if ( null === $place ) {
			continue;
		}
		// The same error again, whatever it counts: what it says is compared here and goes nowhere.
		$key = preg_replace( '/\d+/', '#', substr( $line, strlen( $parts[1] ) + 2 ) );
		if ( (int) strtotime( $parts[1] ) < $since ) {
			$before[ $key ] = true;
		} elseif ( isset( $found[ $key ] ) ) {
			++$found[ $key ]['times'];
		} else {
			$found[ $key ] = array(
				'fatal' => 'Warning' !== $parts[2],
				'file'  => base64_encode( $place ),
				'line'  => (int) $parts[4],
				'times' => 1,
			);
		}
	}
	$new = array_values( array_diff_key( $found, $before ) );
	usort(
		$new,
		static function ( $one, $other ) {
			return (int) $other['fatal'] - (int) $one['fatal'];
		}
	);
	return array_slice( $new, 0, MOST_ERRORS );
}

/**
 * The path of a file below this site's own folders; null for another one: a log may be shared.
 *
 * @param string $file As the log has it.
 */
function place_in_site( $file ) {
	$file = wp_normalize_path( $file );
	foreach ( array( ABSPATH, WP_CONTENT_DIR ) as $folder ) {
		$folder = trailingslashit( wp_normalize_path( $folder ) );
		if ( 0 === strpos( $file, $folder ) && strlen( $file ) - strlen( $folder ) <= 300 ) {
			return substr( $file, strlen( $folder ) );
		}
	}
	return null;
}
