<?php
/**
 * Who asks: every request is signed with a paired key, is young, and comes once.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const WINDOW_SECONDS = 300;

/**
 * Checks the request's signature, age and nonce, in this order, and fails closed.
 *
 * @param string $body The raw body.
 * @return array The key that signed it.
 * @throws Refusal When anything is wrong.
 */
function authenticate( $body ) {
	$id        = signature_header( 'KEY', '/^[0-9a-f]{16}$/D' );
	$time      = signature_header( 'TIME', '/^[0-9]{10}$/D' );
	$nonce     = signature_header( 'NONCE', '/^[0-9a-f]{32}$/D' );
	$signature = signature_header( 'SIGNATURE', '/^[0-9a-f]{64}$/D' );
	$method    = isset( $_SERVER['REQUEST_METHOD'] ) ? (string) $_SERVER['REQUEST_METHOD'] : '';
	$target    = isset( $_SERVER['REQUEST_URI'] ) ? (string) $_SERVER['REQUEST_URI'] : '';

	$key    = find_key( $id );
	$secret = null === $key ? random_bytes( 32 ) : $key['secret'];
	$text   = signed_text( array( $method, $target, $time, $nonce, hash( 'sha256', $body ) ) );
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
	return $key;
}

/**
 * The text that is signed: the protocol's name, then each part after its length in bytes.
 *
 * @param string[] $parts Method, path with query, time, nonce, SHA-256 of the body.
 */
function signed_text( array $parts ) {
	$text = 'wpclone-1';
	foreach ( $parts as $part ) {
		$text .= "\n" . strlen( $part ) . ':' . $part;
	}
	return $text;
}

/**
 * One of the signature's headers.
 *
 * @param string $name    After "X-Wpclone-".
 * @param string $pattern What it must look like.
 * @throws Refusal When it does not.
 */
function signature_header( $name, $pattern ) {
	$field = 'HTTP_X_WPCLONE_' . $name;
	$value = isset( $_SERVER[ $field ] ) ? (string) $_SERVER[ $field ] : '';
	if ( 1 !== preg_match( $pattern, $value ) ) {
		throw new Refusal( 'refused', 401, 'The signature is not accepted.' );
	}
	return $value;
}
