<?php
/**
 * Answers one signed request: read it, check it, hand it to the operation, never let anything else answer.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require __DIR__ . '/class-refusal.php';
require __DIR__ . '/output.php';
require __DIR__ . '/signature.php';
require __DIR__ . '/nonces.php';
require __DIR__ . '/operations.php';

// Other plugins ask who is logged in when an option changes or a plugin goes; WordPress loads that only after the plugins.
require_once ABSPATH . WPINC . '/pluggable.php';

const MAX_BODY_BYTES = 4194304;

/**
 * Answers the request. The caller exits afterwards.
 */
function serve() {
	prepare_output();
	try {
		$body = read_body();
		$key  = authenticate( $body );
		touch_key( $key );
		// PHP remembers for minutes where a path led: a link made since then would be read as what it took the place of.
		clearstatcache( true );
		run_operation( parse_request( $body ), $key );
	} catch ( Refusal $refusal ) {
		send_refusal( $refusal );
	} catch ( \Throwable $error ) {
		// The message may hold paths or data of the site; it goes to the site's own log, not over the wire.
		error_log( 'wpclone migrator: ' . $error->getMessage() . ' in ' . $error->getFile() . ':' . $error->getLine() );
		send_refusal( new Refusal( 'failed', 500, 'The migrator failed: ' . get_class( $error ) . '.' ) );
	}
}

/**
 * Reads the body, up to the size any request of ours can have.
 *
 * @throws Refusal When it is larger.
 */
function read_body() {
	$body = file_get_contents( 'php://input', false, null, 0, MAX_BODY_BYTES + 1 );
	if ( ! is_string( $body ) || strlen( $body ) > MAX_BODY_BYTES ) {
		throw new Refusal( 'bad_request', 413, 'The request is too large.' );
	}
	return $body;
}

/**
 * Decodes an authenticated body.
 *
 * @param string $body JSON.
 * @throws Refusal When it is not an object with an operation.
 */
function parse_request( $body ) {
	$request = json_decode( $body, true, 16 );
	if ( ! is_array( $request ) || ! isset( $request['op'] ) || ! is_string( $request['op'] ) ) {
		throw new Refusal( 'bad_request', 400, 'The request is not understood.' );
	}
	return $request;
}
