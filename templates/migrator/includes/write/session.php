<?php
/**
 * The database connection that writes.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Connects, so that nothing is taken for something else: bytes are bytes, times are UTC, what does not fit is an error, and an UPDATE
 * says how many rows it found, not how many it changed.
 *
 * @return \mysqli
 * @throws Refusal When it cannot.
 */
function open_write_session() {
	$db = connect_database( 'binary', MYSQLI_CLIENT_FOUND_ROWS );
	run_query( $db, "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', lock_wait_timeout = 5, autocommit = 1, foreign_key_checks = 1, unique_checks = 1" );
	return $db;
}

/**
 * Lets definitions be read and written as text, then bytes be bytes again.
 *
 * @param \mysqli  $db   Connection.
 * @param callable $work What is done meanwhile.
 * @return mixed What it gives.
 */
function with_text( $db, callable $work ) {
	run_query( $db, 'SET NAMES utf8mb4' );
	try {
		return $work();
	} finally {
		run_query( $db, 'SET NAMES binary' );
	}
}
