<?php
/**
 * Sends the bodies of files.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-budget.php';
require_once __DIR__ . '/roots.php';
require_once __DIR__ . '/home-folder.php';
require_once __DIR__ . '/paths.php';
require_once __DIR__ . '/never-sent.php';
require_once __DIR__ . '/class-batch.php';

/** How often a file that changes while it is read is read again. */
const FILE_ATTEMPTS = 3;
/** A file that the client may hold already is read whole to be compared; one that is larger is sent. */
const HELD_BYTES = 4194304;

/**
 * Answers "files".
 *
 * @param array $request "files": lists of root, path, for one that was begun before: offset, list of size, mtime, ctime; for one that the client
 *                       may hold already: null, null, its digest. "seconds", "gzip".
 */
function stream_files( array $request ) {
	$budget = new Budget( isset( $request['seconds'] ) ? $request['seconds'] : null );
	$batch  = new Batch( ! empty( $request['gzip'] ) );
	$files  = isset( $request['files'] ) && is_array( $request['files'] ) ? array_values( $request['files'] ) : array();
	start_stream();
	foreach ( $files as $number => $file ) {
		if ( ! send_file( $batch, $budget, $number, is_array( $file ) ? array_values( $file ) : array() ) ) {
			$batch->send();
			end_stream( false );
			return;
		}
	}
	$batch->send();
	end_stream( true );
}

/**
 * Sends one file, or says why not.
 *
 * @param Batch  $batch  Where it goes.
 * @param Budget $budget When to stop.
 * @param int    $number In the request.
 * @param array  $file   As requested.
 * @return bool False when time was up before its end.
 */
function send_file( Batch $batch, Budget $budget, $number, array $file ) {
	$full = count( $file ) >= 2 ? resolve_file( $file[0], $file[1] ) : null;
	// A pipe would block an open for ever.
	if ( null === $full || ! is_file( $full ) ) {
		$batch->fail( $number, 'gone' );
		return ! $budget->is_spent();
	}
	$offset = isset( $file[2] ) && is_int( $file[2] ) ? max( 0, $file[2] ) : 0;
	$known  = isset( $file[3] ) && is_array( $file[3] ) ? array_values( $file[3] ) : null;
	$held   = isset( $file[4] ) && is_string( $file[4] ) ? $file[4] : null;
	for ( $attempt = 0; $attempt < FILE_ATTEMPTS; $attempt++ ) {
		// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
		$handle = @fopen( $full, 'rb' );
		if ( false === $handle ) {
			$batch->fail( $number, file_exists( $full ) ? 'unreadable' : 'gone' );
			return true;
		}
		$stat = state_of( $handle );
		if ( null !== $held && is_as_held( $handle, $stat, $held ) ) {
			fclose( $handle );
			$batch->held( $number, $stat );
			return ! $budget->is_spent();
		}
		$from = 0 === $attempt && $known === $stat && $offset <= $stat[0] ? $offset : 0;
		$end  = $stat[0] <= block_bytes() && 0 === $from
			? send_small_file( $batch, $number, $handle, $stat )
			: send_large_file( $batch, $budget, $number, $handle, $stat, $from );
		fclose( $handle );
		if ( 'changed' !== $end ) {
			return 'sent' === $end && ! $budget->is_spent();
		}
	}
	$batch->fail( $number, 'changing' );
	return true;
}

/**
 * Size, time of the last change of content, and of anything.
 *
 * @param resource $handle Open file.
 */
function state_of( $handle ) {
	$stat = fstat( $handle );
	return array( (int) $stat['size'], (int) $stat['mtime'], (int) $stat['ctime'] );
}

/**
 * Whether a file is what the client holds already.
 *
 * @param resource $handle Open file, at its beginning; afterwards again.
 * @param int[]    $stat   Its state.
 * @param string   $held   Digest of what the client holds, in hex.
 */
function is_as_held( $handle, array $stat, $held ) {
	if ( $stat[0] > HELD_BYTES ) {
		return false;
	}
	stream_set_read_buffer( $handle, 0 );
	$body = $stat[0] > 0 ? (string) stream_get_contents( $handle, $stat[0] + 1 ) : '';
	rewind( $handle );
	return bin2hex( digest( $body ) ) === $held && strlen( $body ) === $stat[0] && state_of( $handle ) === $stat;
}

/**
 * Sends a file that fits a block.
 *
 * @param Batch    $batch  Where it goes.
 * @param int      $number In the request.
 * @param resource $handle Open file.
 * @param int[]    $stat   Its state.
 * @return string "sent" or "changed".
 */
function send_small_file( Batch $batch, $number, $handle, array $stat ) {
	// In one read, not in pieces of 8 KB through a buffer.
	stream_set_read_buffer( $handle, 0 );
	$body = $stat[0] > 0 ? (string) stream_get_contents( $handle, $stat[0] + 1 ) : '';
	if ( strlen( $body ) !== $stat[0] || state_of( $handle ) !== $stat ) {
		return 'changed';
	}
	if ( is_secret_body( $body ) ) {
		$batch->fail( $number, 'secret' );
	} else {
		$batch->add( $number, 0, $body, $stat, true );
	}
	return 'sent';
}

/**
 * Sends a file, or the rest of it, in pieces.
 *
 * @param Batch    $batch  Where it goes.
 * @param Budget   $budget When to stop.
 * @param int      $number In the request.
 * @param resource $handle Open file.
 * @param int[]    $stat   Its state.
 * @param int      $offset Where to begin.
 * @return string "sent", "changed", or "late" when time was up.
 */
function send_large_file( Batch $batch, Budget $budget, $number, $handle, array $stat, $offset ) {
	stream_set_read_buffer( $handle, 0 );
	fseek( $handle, $offset );
	do {
		$body = read_fully( $handle, min( block_bytes(), $stat[0] - $offset ) );
		$end  = $offset + strlen( $body ) >= $stat[0];
		if ( ( '' === $body && ! $end ) || ( $end && state_of( $handle ) !== $stat ) ) {
			return 'changed';
		}
		$batch->add( $number, $offset, $body, $stat, $end );
		$offset += strlen( $body );
		if ( ! $end && $budget->is_spent() ) {
			return 'late';
		}
	} while ( ! $end );
	return 'sent';
}

/**
 * Reads so many bytes, fewer only at the end.
 *
 * @param resource $handle Open file.
 * @param int      $length Bytes.
 */
function read_fully( $handle, $length ) {
	$body = $length > 0 ? (string) fread( $handle, $length ) : '';
	while ( strlen( $body ) < $length && ! feof( $handle ) ) {
		$more = fread( $handle, $length - strlen( $body ) );
		if ( false === $more || '' === $more ) {
			break;
		}
		$body .= $more;
	}
	return $body;
}
