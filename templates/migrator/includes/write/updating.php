<?php
/**
 * WordPress updates itself under locks of its own: nothing is written while it does, and it does not begin while something is.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Seconds after which a lock is one that somebody left behind; WordPress's own take fifteen minutes. */
const CORE_LOCK_SECONDS = 900;
const OUR_LOCK_SECONDS  = 60;

/** As wp_is_maintenance_mode() has it. */
const MAINTENANCE_SECONDS = 600;

/** The locks of an update of the core, and of all that WordPress updates by itself; we take both. */
const CORE_LOCK = 'core_updater.lock';
const AUTO_LOCK = 'auto_updater.lock';

/** Seconds after which WordPress takes a lock for one that was left behind (WP_Upgrader::create_lock). */
const UPDATE_LOCKS = array(
	AUTO_LOCK => 3600,
	CORE_LOCK => CORE_LOCK_SECONDS,
);

/**
 * Does something while WordPress does not update itself.
 *
 * @param \mysqli  $db   Connection.
 * @param callable $work What to do.
 * @return mixed What it gives.
 * @throws Refusal When an update is under way.
 */
function while_nobody_updates( $db, callable $work ) {
	refuse_update_under_way( $db );
	$options = options_table();
	$taken   = array();
	try {
		foreach ( UPDATE_LOCKS as $name => $seconds ) {
			$mark = (string) ( time() - $seconds + OUR_LOCK_SECONDS );
			if ( insert_option_row( $name, $mark ) ) {
				$taken[ $name ] = $mark;
			} elseif ( CORE_LOCK === $name ) {
				throw update_under_way();
			} else {
				// Either somebody was quicker just now, or one that was left behind keeps WordPress from beginning for longer than we need.
				refuse_update_under_way( $db );
			}
		}
		return $work();
	} finally {
		foreach ( $taken as $name => $mark ) {
			run_query( $db, "DELETE FROM $options WHERE option_name = '$name' AND option_value = '$mark'" );
		}
	}
}

/**
 * Refuses while an update is under way. A lock that was left behind, ours or another's, is in nobody's way.
 *
 * @param \mysqli $db Connection.
 * @throws Refusal When one is.
 */
function refuse_update_under_way( $db ) {
	$updating = is_maintenance_fresh();
	$options  = options_table();
	$locks    = fetch_all( $db, "SELECT option_name AS name, option_value AS since FROM $options WHERE option_name IN ('" . implode( "', '", array_keys( UPDATE_LOCKS ) ) . "')" );
	foreach ( $locks as $row ) {
		$updating = $updating || time() - (int) $row['since'] < CORE_LOCK_SECONDS;
	}
	if ( $updating ) {
		throw update_under_way();
	}
	foreach ( $locks as $row ) {
		// WordPress does not take it for left behind any sooner; ours is marked so that it soon is.
		if ( time() - (int) $row['since'] >= UPDATE_LOCKS[ $row['name'] ] - OUR_LOCK_SECONDS ) {
			// This one only: another may have been taken since.
			run_query( $db, "DELETE FROM $options WHERE option_name = " . quote_text( $db, $row['name'] ) . ' AND option_value = ' . quote_text( $db, $row['since'] ) );
		}
	}
}

/**
 * Whether WordPress has just said that it updates itself. After ten minutes it does not look at the file any more, and neither do we:
 * an update that was cut off leaves it behind for ever.
 */
function is_maintenance_fresh() {
	$file = ABSPATH . '.maintenance';
	clearstatcache( true, $file );
	$made = is_file( $file ) && ! is_gate( $file ) ? filemtime( $file ) : false;
	return false !== $made && time() - $made < MAINTENANCE_SECONDS;
}

/**
 * Whether it is our own gate that stands there, which a restore that was cut off may have left, or one that ended not long ago.
 *
 * @param string $file Path.
 */
function is_gate( $file ) {
	// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	return false !== strpos( (string) @file_get_contents( $file ), 'wpclone_gate' );
}

/**
 * The refusal to write in the middle of an update.
 */
function update_under_way() {
	return new Refusal( 'updating', 503, 'WordPress is updating itself, or another restore is being written.' );
}

/**
 * The quoted name of the options table.
 */
function options_table() {
	global $wpdb;
	return quote_name( $wpdb->options );
}
