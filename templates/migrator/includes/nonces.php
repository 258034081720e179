<?php
/**
 * The nonces of the last minutes, one option row each: the unique index on the name makes taking one a single atomic step.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const NONCE_PREFIX = 'wpclone_migrator_nonce_';

/**
 * Takes a nonce; it is signed together with its time, so a replay has the same name.
 *
 * @param string $time  10 digits, already known to be inside the window.
 * @param string $nonce 32 hex digits.
 * @return bool False when it was taken before, or when that cannot be told.
 */
function use_nonce( $time, $nonce ) {
	global $wpdb;
	$name     = NONCE_PREFIX . $time . '_' . $nonce;
	if ( ! insert_option_row( $name, '' ) ) {
		return false;
	}
	// Some sites have lost the unique index: count, so that two at the same time both fail.
	$count = $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM {$wpdb->options} WHERE option_name = %s", $name ) );
	if ( 0 === random_int( 0, 7 ) ) {
		prune_nonces();
	}
	return '1' === (string) $count;
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
