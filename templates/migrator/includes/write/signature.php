<?php
/**
 * Who writes: each request of a restore is signed by the private half of its own key, is young, and comes after the one before.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Restore, time, nonce, number, signature, content: no question has these in another order. */
const WRITE_ENVELOPE = '/^(rst-[a-z2-7]{8})\.([0-9]{10})\.([0-9a-f]{32})\.([1-9][0-9]{0,14})\.([0-9a-f]{128})\.$/D';

/**
 * Checks a request. Whatever is wrong, the answer is the same.
 *
 * @param string $envelope As sent.
 * @return array{0: array, 1: string} The restore, and its content, still as sent.
 * @throws Refusal When anything is wrong.
 */
function authenticate_write( $envelope ) {
	$at = (int) strrpos( $envelope, '.' ) + 1;
	if ( 1 !== preg_match( WRITE_ENVELOPE, substr( $envelope, 0, min( $at, 400 ) ), $parts ) ) {
		throw write_refused();
	}
	list( , $id, $time, $nonce, $number, $signature ) = $parts;

	$content = substr( $envelope, $at );
	$method  = isset( $_SERVER['REQUEST_METHOD'] ) ? (string) $_SERVER['REQUEST_METHOD'] : '';
	$target  = isset( $_SERVER['REQUEST_URI'] ) ? (string) $_SERVER['REQUEST_URI'] : '';
	$text    = written_text( array( $method, $target, $time, $nonce, $id, $number, hash( 'sha256', $content ) ) );

	$restore = find_restore( $id );
	$public  = null === $restore || 64 !== strlen( $restore['public_key'] ) ? str_repeat( '0', 64 ) : $restore['public_key'];
	$right   = is_signed_by( $text, $signature, $public );
	if ( ! $right || null === $restore || 'POST' !== $method || ! has_live_key( $restore )
		|| abs( time() - (int) $time ) > WINDOW_SECONDS || ! take_number( $restore, $number ) ) {
		throw write_refused();
	}
	return array( $restore, $content );
}

/**
 * The one answer to all that is wrong.
 */
function write_refused() {
	return new Refusal( 'refused', 401, 'The signature is not accepted.' );
}

/**
 * The text that is signed: the protocol's name, then each part after its length in bytes.
 *
 * @param string[] $parts Method, path with query, time, nonce, restore, number, SHA-256 of the content.
 */
function written_text( array $parts ) {
	$text = 'wpclone-restore-1';
	foreach ( $parts as $part ) {
		$text .= "\n" . strlen( $part ) . ':' . $part;
	}
	return $text;
}

/**
 * Whether a text was signed by the private half of a key. PHP's own library, else the one that WordPress brings; false whenever either fails.
 *
 * @param string $text      Text.
 * @param string $signature Hex.
 * @param string $public    Hex.
 */
function is_signed_by( $text, $signature, $public ) {
	try {
		if ( ! function_exists( 'sodium_crypto_sign_verify_detached' ) ) {
			require_once ABSPATH . WPINC . '/sodium_compat/autoload.php';
		}
		return true === sodium_crypto_sign_verify_detached( pack( 'H*', $signature ), $text, pack( 'H*', $public ) );
	} catch ( \Throwable $error ) {
		return false;
	}
}

/**
 * Takes the number of a request, in one atomic step: one that came before, or is older than one that came, has none to take.
 *
 * @param array  $restore Row.
 * @param string $number  Digits.
 */
function take_number( array $restore, $number ) {
	global $wpdb;
	$table = quote_name( restores_table() );
	return 1 === $wpdb->query( $wpdb->prepare( "UPDATE $table SET sequence = %d WHERE id = %s AND public_key = %s AND sequence < %d", $number, $restore['id'], $restore['public_key'], $number ) );
}
