<?php
/**
 * Answers one signed request: read it, check it, hand it to the operation, never let anything else answer.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-refusal.php';
require __DIR__ . '/output.php';
require __DIR__ . '/class-budget.php';
require __DIR__ . '/answer-size.php';
// The gate may have loaded it before.
require_once __DIR__ . '/signature.php';
require __DIR__ . '/nonces.php';
require __DIR__ . '/operations.php';

// Other plugins ask who is logged in when an option changes or a plugin goes; WordPress loads that only after the plugins.
require_once ABSPATH . WPINC . '/pluggable.php';

/** Of a request's content, before it is taken apart and after. */
const MAX_CONTENT_BYTES = 4194304;

/**
 * Answers the request. The caller exits afterwards.
 *
 * @param string $envelope The field that holds the request.
 */
function serve( $envelope ) {
	prepare_output();
	try {
		if ( strlen( $envelope ) > MAX_CONTENT_BYTES ) {
			throw new Refusal( 'bad_request', 413, 'The request is too large.' );
		}
		if ( 0 === strpos( $envelope, 'rst-' ) ) {
			require __DIR__ . '/write/server.php';
			serve_write( $envelope );
			return;
		}
		list( $key, $content ) = authenticate( $envelope );
		touch_key( $key );
		// PHP remembers for minutes where a path led: a link made since then would be read as what it took the place of.
		clearstatcache( true );
		$request = parse_request( open_content( $content ) );
		limit_answer( isset( $request['bytes'] ) ? $request['bytes'] : null );
		run_operation( $request, $key );
	} catch ( Refusal $refusal ) {
		send_refusal( $refusal );
	} catch ( \Throwable $error ) {
		// The message may hold paths or data of the site; it goes to the site's own log, not over the wire.
		error_log( 'wpclone migrator: ' . $error->getMessage() . ' in ' . $error->getFile() . ':' . $error->getLine() );
		send_refusal( new Refusal( 'failed', 500, 'The migrator failed: ' . get_class( $error ) . '.' ) );
	}
}

/**
 * Takes the content of an authenticated request apart: hexadecimal of JSON, deflated (zlib) or not.
 *
 * @param string $content As sent.
 * @return string JSON.
 * @throws Refusal When it is something else.
 */
function open_content( $content ) {
	$bytes = 0 === strlen( $content ) % 2 && strlen( $content ) === strspn( $content, '0123456789abcdef' ) ? pack( 'H*', $content ) : '';
	if ( '' !== $bytes && '{' !== $bytes[0] ) {
		if ( ! function_exists( 'gzuncompress' ) ) {
			throw new Refusal( 'cannot_inflate', 400, 'PHP lacks the zlib extension.' );
		}
		// phpcs:ignore WordPress.PHP.NoSilencedErrors -- what is no zlib is refused below.
		$bytes = @gzuncompress( $bytes, MAX_CONTENT_BYTES );
	}
	if ( ! is_string( $bytes ) || '' === $bytes ) {
		throw new Refusal( 'bad_request', 400, 'The request is not understood.' );
	}
	return $bytes;
}

/**
 * Decodes an authenticated request.
 *
 * @param string $json JSON.
 * @throws Refusal When it is not an object with an operation.
 */
function parse_request( $json ) {
	$request = json_decode( $json, true, 16 );
	if ( ! is_array( $request ) || ! isset( $request['op'] ) || ! is_string( $request['op'] ) ) {
		throw new Refusal( 'bad_request', 400, 'The request is not understood.' );
	}
	return $request;
}
