<?php
/**
 * Who asks: every request is signed with a paired key, is young, and comes once.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const WINDOW_SECONDS = 300;

/** Key, time, nonce, signature, content: hexadecimal, so that no firewall reads words in a request. */
const ENVELOPE = '/^([0-9a-f]{16})\.([0-9]{10})\.([0-9a-f]{32})\.([0-9a-f]{64})\.$/D';

/**
 * Checks a request's signature, age and nonce, in this order, and fails closed.
 *
 * @param string $envelope As sent.
 * @return array{0: array, 1: string} The key that signed it, and its content, still as sent.
 * @throws Refusal When anything is wrong.
 */
function authenticate( $envelope ) {
	$at = (int) strrpos( $envelope, '.' ) + 1;
	if ( 1 !== preg_match( ENVELOPE, substr( $envelope, 0, min( $at, 200 ) ), $parts ) ) {
		throw new Refusal( 'refused', 401, 'The signature is not accepted.' );
	}
	list( , $id, $time, $nonce, $signature ) = $parts;

	$content = substr( $envelope, $at );
	$method  = isset( $_SERVER['REQUEST_METHOD'] ) ? (string) $_SERVER['REQUEST_METHOD'] : '';
	$target  = isset( $_SERVER['REQUEST_URI'] ) ? (string) $_SERVER['REQUEST_URI'] : '';

	$key    = find_key( $id );
	$secret = null === $key ? random_bytes( 32 ) : $key['secret'];
	$text   = signed_text( array( $method, $target, $time, $nonce, hash( 'sha256', $content ) ) );
	$right  = hash_equals( hash_hmac( 'sha256', $text, $secret ), $signature );
	if ( null === $key || ! $right || 'POST' !== $method ) {
		throw new Refusal( 'refused', 401, 'The signature is not accepted.' );
	}
	if ( abs( time() - (int) $time ) > WINDOW_SECONDS ) {
		throw new Refusal( 'late', 401, 'The request is too old or from the future.', array( 'time' => time() ) );
	}
	if ( ! use_nonce( $key['id'], $time, $nonce ) ) {
		throw new Refusal( 'replayed', 401, 'The request came before.' );
	}
	return array( $key, $content );
}

/**
 * The text that is signed: the protocol's name, then each part after its length in bytes.
 *
 * @param string[] $parts Method, path with query, time, nonce, SHA-256 of the content.
 */
function signed_text( array $parts ) {
	$text = 'wpclone-2';
	foreach ( $parts as $part ) {
		$text .= "\n" . strlen( $part ) . ':' . $part;
	}
	return $text;
}
