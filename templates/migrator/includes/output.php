<?php
/**
 * The wire: a stream of frames, each with the digest of its head; a head holds the digest of each piece of its body.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const STREAM_MAGIC  = "\x89WPCLONE1\r\n\n";
/** Begins a stream in letters: each piece is base64 and ends with a full stop. */
const LETTERS_MAGIC = 'wpclone-letters.';
const FRAME_MAGIC   = "\xF7W";
const FLAG_DEFLATED = 1;
const BLOCK_BYTES   = 524288;
const JSON_FLAGS    = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE;

/**
 * Takes every buffer and filter between us and the client away.
 */
function prepare_output() {
	ignore_user_abort( false );
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.PHP.IniSet -- some hosts forbid ini_set; then things stay as they are.
	@ini_set( 'display_errors', '0' );
	@ini_set( 'zlib.output_compression', '0' );
	@ini_set( 'implicit_flush', '0' );
	if ( function_exists( 'apache_setenv' ) ) {
		@apache_setenv( 'no-gzip', '1' );
	}
	while ( ob_get_level() > 0 ) {
		if ( ! @ob_end_clean() ) {
			break;
		}
	}
	// phpcs:enable
}

/**
 * Sends the headers and the magic that tells our stream from anything a host may put before it. A buffer that could not be taken
 * away may change bytes, as those that shrink pages do: then the stream is sent in letters, and the client hears whose buffer it is.
 */
function start_stream() {
	if ( ! headers_sent() ) {
		status_header( 200 );
	}
	send_common_headers( is_in_letters() ? 'text/plain' : 'application/octet-stream' );
	// nginx must pass on what it gets: a buffered answer fills its disk and hides a client that went away.
	if ( ! headers_sent() ) {
		header( 'X-Accel-Buffering: no' );
		if ( is_in_letters() ) {
			header( 'X-Wpclone-Buffers: ' . preg_replace( '/[^\w\\\\:., -]/', '', implode( ', ', ob_list_handlers() ) ) );
		}
	}
	if ( is_in_letters() ) {
		echo LETTERS_MAGIC;
	}
	emit( STREAM_MAGIC );
	is_streaming( true );
}

/**
 * Whether something that cannot be taken away stands between us and the client.
 */
function is_in_letters() {
	static $letters = null;
	if ( null === $letters ) {
		$letters = ob_get_level() > 0;
	}
	return $letters;
}

/**
 * Sends bytes of the stream.
 *
 * @param string $bytes Bytes.
 */
function emit( $bytes ) {
	sent_bytes( strlen( $bytes ) );
	if ( is_in_letters() ) {
		echo base64_encode( $bytes ), '.';
		return;
	}
	echo $bytes;
}

/**
 * Whether the stream has begun.
 *
 * @param bool $begins It begins now.
 */
function is_streaming( $begins = false ) {
	static $streaming = false;

	$streaming = $streaming || $begins;
	return $streaming;
}

/**
 * Headers of every answer.
 *
 * @param string $type Content type.
 */
function send_common_headers( $type ) {
	if ( headers_sent() ) {
		return;
	}
	header_remove( 'Set-Cookie' );
	header( 'Content-Type: ' . $type );
	header( 'Cache-Control: no-store, no-transform' );
	header( 'X-Content-Type-Options: nosniff' );
	header( 'X-Robots-Tag: noindex' );
	header( 'X-Wpclone: ' . PROTOCOL );
}

/**
 * Sends one frame: magic, type, flags, length of head and body (big endian), digest of type, flags and head; head; body.
 *
 * @param string $type One letter.
 * @param array  $head Becomes JSON; must hold the digest of what is in the body, unless the body is one piece, whose digest is added as "h".
 * @param string $body Bytes.
 * @param bool   $pack Whether to deflate the body.
 */
function send_frame( $type, array $head, $body = '', $pack = false ) {
	if ( '' !== $body && ! isset( $head['pieces'] ) ) {
		$head['h'] = bin2hex( digest( $body ) );
	}
	$flags = 0;
	if ( $pack && strlen( $body ) > 256 && function_exists( 'gzcompress' ) ) {
		$packed = gzcompress( $body, 1 );
		if ( is_string( $packed ) && strlen( $packed ) < strlen( $body ) ) {
			$flags       = FLAG_DEFLATED;
			$head['len'] = strlen( $body );
			$body        = $packed;
		}
	}
	$json = wp_json_encode( (object) $head, JSON_FLAGS );
	$lead = $type . chr( $flags );
	emit( FRAME_MAGIC . $lead . pack( 'NN', strlen( $json ), strlen( $body ) ) . digest( $lead . $json ) . $json );
	if ( '' !== $body ) {
		emit( $body );
	}
	flush();
	if ( connection_aborted() ) {
		exit;
	}
}

/**
 * Ends the stream; without this frame an answer counts as cut.
 *
 * @param bool $done Whether everything asked for has been sent; false when time ran out first.
 */
function end_stream( $done ) {
	send_frame( 'Z', array( 'done' => $done ) );
}

/**
 * Sends a refusal: as JSON with its status, or as a frame when the stream has begun.
 *
 * @param Refusal $refusal What to say.
 */
function send_refusal( Refusal $refusal ) {
	$answer = array( 'error' => $refusal->reason, 'message' => $refusal->getMessage() ) + $refusal->fields;
	if ( is_streaming() ) {
		send_frame( 'X', $answer );
		return;
	}
	if ( ! headers_sent() ) {
		status_header( $refusal->status );
	}
	send_common_headers( 'application/json' );
	echo wp_json_encode( array( 'wpclone' => PROTOCOL ) + $answer, JSON_FLAGS );
}

/**
 * SHA-256, raw; openssl's is several times faster than PHP's own.
 *
 * @param string $bytes What to hash.
 */
function digest( $bytes ) {
	static $openssl = null;
	if ( null === $openssl ) {
		$openssl = function_exists( 'openssl_digest' );
	}
	return $openssl ? openssl_digest( $bytes, 'sha256', true ) : hash( 'sha256', $bytes, true );
}
