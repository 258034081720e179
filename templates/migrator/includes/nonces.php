<?php
/**
 * The nonces of the last minutes, one option row each: the unique index on the name makes taking one a single atomic step.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Takes a nonce; it is signed together with its time, so a replay has the same name. Its row holds the key's id, with which it goes.
 *
 * @param string $key   Id of the key that signed it.
 * @param string $time  10 digits, already known to be inside the window.
 * @param string $nonce 32 hex digits.
 * @return bool False when it was taken before, when its key is gone, or when that cannot be told.
 */
function use_nonce( $key, $time, $nonce ) {
	global $wpdb;
	$name     = NONCE_PREFIX . $time . '_' . $nonce;
	if ( ! insert_option_row( $name, $key ) ) {
		return false;
	}
	// Some sites have lost the unique index: count, so that two at the same time both fail.
	$found = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name IN (%s, %s)", $name, KEY_PREFIX . $key ) );
	if ( ! in_array( KEY_PREFIX . $key, $found, true ) ) {
		// The key was dropped since the request began: what goes with it has gone already.
		$wpdb->delete( $wpdb->options, array( 'option_name' => $name ) );
		return false;
	}
	if ( 0 === random_int( 0, 7 ) ) {
		prune_nonces();
	}
	return 2 === count( $found );
}

/**
 * Drops nonces whose time is so far back that their requests are refused as late.
 */
function prune_nonces() {
	global $wpdb;
	$oldest = NONCE_PREFIX . ( time() - 2 * WINDOW_SECONDS );
	$wpdb->query(
		$wpdb->prepare(
			"DELETE FROM {$wpdb->options} WHERE option_name > %s AND option_name < %s AND option_name LIKE %s",
			NONCE_PREFIX,
			$oldest,
			$wpdb->esc_like( NONCE_PREFIX ) . '%'
		)
	);
}
