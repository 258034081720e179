<?php
/**
 * Rows of our own in the options table, also where a bad import cost it its AUTO_INCREMENT.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** How often a number is tried that another request may take at the same time. */
const NUMBER_ATTEMPTS = 5;

/**
 * Adds a row, in one statement, unless the name is taken where names are unique.
 *
 * @param string $name     Option.
 * @param string $value    Value.
 * @param string $autoload "yes" or "no".
 * @return bool Whether it was added.
 */
function insert_option_row( $name, $value, $autoload = 'no' ) {
	global $wpdb;
	$added = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, %s, %s)", $name, $value, $autoload ) );
	if ( 1 === $added ) {
		return true;
	}
	for ( $attempt = 0; $attempt < NUMBER_ATTEMPTS && ! is_option_row( $name ); $attempt++ ) {
		// Without AUTO_INCREMENT every new row gets number 0, and only one row can have it.
		$added = $wpdb->query(
			$wpdb->prepare(
				"INSERT IGNORE INTO {$wpdb->options} (option_id, option_name, option_value, autoload) SELECT COALESCE(MAX(option_id), 0) + 1, %s, %s, %s FROM {$wpdb->options}",
				$name,
				$value,
				$autoload
			)
		);
		if ( 1 === $added ) {
			return true;
		}
	}
	return false;
}

/**
 * Whether there is a row of that name.
 *
 * @param string $name Option.
 */
function is_option_row( $name ) {
	global $wpdb;
	return null !== $wpdb->get_var( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name = %s LIMIT 1", $name ) );
}

/**
 * Notes until when the plugin stays without being used.
 */
function stay_active() {
	$until = time() + UNUSED_SECONDS;
	update_option( ACTIVE_UNTIL, $until );
	if ( ! is_option_row( ACTIVE_UNTIL ) && insert_option_row( ACTIVE_UNTIL, (string) $until, 'yes' ) ) {
		wp_cache_delete( 'alloptions', 'options' );
		wp_cache_delete( 'notoptions', 'options' );
		wp_cache_delete( ACTIVE_UNTIL, 'options' );
	}
}
