<?php
/**
 * How fast tables grow: a clone begins to count so far above the site that both never give the same ID.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * New IDs per day, of the tables that have a counter and say when a row was made. It is read off one row at nine tenths of the
 * IDs, which the key finds at once.
 *
 * @param \mysqli  $db     Connection.
 * @param string[] $tables Names.
 * @return array[] table and perDay.
 */
function table_growth( $db, array $tables ) {
	$growth = array();
	// A table that somebody holds is not worth a wait, and others may be held too.
	run_query( $db, 'SET SESSION lock_wait_timeout = 1' );
	foreach ( counters_and_moments( $db ) as $table => $columns ) {
		$table = (string) $table;
		if ( ! in_array( $table, $tables, true ) || ! isset( $columns['counter'], $columns['moment'] ) ) {
			continue;
		}
		try {
			$per_day = growth_of( $db, quote_name( $table ), quote_name( $columns['counter'] ), quote_name( $columns['moment'] ) );
		} catch ( Refusal $refusal ) {
			break;
		}
		if ( null !== $per_day ) {
			$growth[] = array(
				'table'  => $table,
				'perDay' => $per_day,
			);
		}
	}
	return $growth;
}

/**
 * The counter and the first column with a moment of each table.
 *
 * @param \mysqli $db Connection.
 * @return array<string, array<string, string>>
 */
function counters_and_moments( $db ) {
	$found = array();
	$sql   = "SELECT TABLE_NAME AS tab, COLUMN_NAME AS name, EXTRA AS extra FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
		AND (EXTRA LIKE '%auto_increment%' OR DATA_TYPE IN ('datetime', 'timestamp')) ORDER BY TABLE_NAME, ORDINAL_POSITION";
	foreach ( fetch_all( $db, $sql ) as $row ) {
		$kind = false === stripos( (string) $row['extra'], 'auto_increment' ) ? 'moment' : 'counter';
		$name = spelled_name( $db, $row['tab'] );
		if ( ! isset( $found[ $name ][ $kind ] ) ) {
			$found[ $name ][ $kind ] = $row['name'];
		}
	}
	return $found;
}

/**
 * New IDs per day of one table; null when it does not say.
 *
 * @param \mysqli $db     Connection.
 * @param string  $table  Quoted.
 * @param string  $id     Quoted.
 * @param string  $moment Quoted.
 */
function growth_of( $db, $table, $id, $moment ) {
	$largest = fetch_all( $db, "SELECT MAX($id) AS largest FROM $table" );
	$largest = (float) $largest[0]['largest'];
	$from    = sprintf( '%.0f', floor( 0.9 * $largest ) );
	$row     = fetch_all( $db, "SELECT $id AS id, UNIX_TIMESTAMP($moment) AS at FROM $table WHERE $id >= $from ORDER BY $id LIMIT 1" );
	$made    = isset( $row[0]['at'] ) ? (float) $row[0]['at'] : 0;
	if ( $made <= 0 || $made > time() ) {
		return null;
	}
	return ( $largest - (float) $row[0]['id'] ) / max( 1, ( time() - $made ) / 86400 );
}
