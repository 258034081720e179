<?php
/**
 * Reads tables out, one after another, in key order, from one snapshot, until they are done or time is up.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-budget.php';
require_once __DIR__ . '/database.php';
require_once __DIR__ . '/schema.php';
require_once __DIR__ . '/keys-of-tables.php';
require_once __DIR__ . '/class-table-reader.php';
require_once __DIR__ . '/class-row-frames.php';
require_once __DIR__ . '/rows-select.php';
require_once __DIR__ . '/rows-text.php';
require_once __DIR__ . '/rows-giant.php';

/** A client asks for half as many: each costs the site some queries, whatever is in it. */
const TABLES_AT_ONCE = 100;

/** How much one SELECT of a keyed table aims at: what is left of it has to be read even when time is up. */
const SELECT_BYTES = 16777216;
const SELECT_FIRST = 1000;
const SELECT_MOST  = 100000;

/** The same where reading locks: less than a block, so that no row is left to be fetched while a block waits for a slow client. */
const LOCKING_BYTES = 262144;

/**
 * Answers "rows".
 *
 * @param array $request "tables" (name, columns, key, after, upto, taken), "seconds", "gzip".
 */
function stream_rows( array $request ) {
	$gzip = ! empty( $request['gzip'] );
	stream_tables(
		$request,
		function ( $db, array $asked, array $row, $number, Budget $budget ) use ( $gzip ) {
			$taken  = isset( $asked['taken'] ) ? max( 0, (int) $asked['taken'] ) : null;
			$reader = new Table_Reader( $db, $asked, $row, new Row_Frames( $number, $gzip, $taken ) );
			return null === $reader->key ? read_without_key( $reader ) : read_by_key( $reader, $budget );
		}
	);
}

/**
 * Reads tables one after another from one snapshot, until they are done or time is up.
 *
 * @param array    $request "tables" (name and what else is asked of each), "seconds".
 * @param callable $read    Gets connection, what is asked, the table's row of information_schema, its number and the budget; false when time was up.
 * @throws Refusal When the request is not understood, or a table cannot be read.
 */
function stream_tables( array $request, $read ) {
	$tables = isset( $request['tables'] ) && is_array( $request['tables'] ) ? $request['tables'] : array();
	if ( count( $tables ) > TABLES_AT_ONCE ) {
		throw new Refusal( 'bad_request', 413, 'The request is for too many tables.' );
	}
	$budget = new Budget( isset( $request['seconds'] ) ? $request['seconds'] : null );
	$db     = connect_database( 'binary' );
	$own    = own_tables( $db );
	start_snapshot( $db );
	start_stream();
	foreach ( array_values( $tables ) as $number => $table ) {
		$name = is_array( $table ) && isset( $table['name'] ) ? spelled_name( $db, (string) $table['name'] ) : '';
		// A table that belongs to no site is read when it is asked for as such, and never by mistake.
		$known = empty( $table['other'] ) ? $own['tables'] : $own['unowned'];
		if ( ! isset( $known[ $name ] ) ) {
			throw new Refusal( 'no_such_table', 404, 'There is no such table.', array( 't' => $number ) );
		}
		try {
			$done = $read( $db, $table, $known[ $name ], $number, $budget );
		} catch ( Refusal $refusal ) {
			$refusal->fields['t'] = $number;
			throw $refusal;
		}
		if ( ! $done ) {
			end_stream( false );
			return;
		}
	}
	end_stream( true );
}

/**
 * Reads a table with a key: bounded SELECTs, each beginning after the last row's key.
 *
 * @param Table_Reader $reader Table.
 * @param Budget       $budget When to stop.
 * @return bool False when time was up first.
 */
function read_by_key( Table_Reader $reader, Budget $budget ) {
	$cursor = $reader->after;
	for ( ;; ) {
		$result = run_query( $reader->db, $reader->select_after( $cursor ), MYSQLI_USE_RESULT );
		$read   = send_result( $result, $reader, $cursor );
		$cursor = $read['cursor'];
		if ( $read['giant'] ) {
			if ( '' !== $read['tail'] ) {
				$reader->sink->block( $read['tail'], $read['tail_rows'], $cursor, false );
			}
			$cursor = send_giant_by_key( $reader, $read['giant'], $cursor, $budget );
			if ( null === $cursor ) {
				return false;
			}
			// Where one is, there may be more; each costs the rest of its SELECT.
			$reader->limit = $reader->locks ? 1 : 50;
			if ( $budget->is_spent() ) {
				return false;
			}
			continue;
		}
		if ( $read['rows'] < $reader->limit ) {
			$reader->sink->block( $read['tail'], $read['tail_rows'], $cursor, true );
			return true;
		}
		if ( '' !== $read['tail'] ) {
			$reader->sink->block( $read['tail'], $read['tail_rows'], $cursor, false );
		}
		if ( $budget->is_spent() ) {
			return false;
		}
		$reader->limit = next_limit( $reader->limit, $read['bytes'] / $read['rows'], $reader->locks );
	}
}

/**
 * Reads a table without a key: nothing says where to go on, so it is read whole, however long that takes. Giant rows come last.
 * Where reading locks, a table that is not too large is held in memory, so that the lock does not last as long as the client takes.
 *
 * @param Table_Reader $reader Table.
 */
function read_without_key( Table_Reader $reader ) {
	if ( function_exists( 'set_time_limit' ) ) {
		// phpcs:ignore WordPress.PHP.NoSilencedErrors
		@set_time_limit( 0 );
	}
	$mode   = $reader->locks && $reader->bytes <= giant_bytes( $reader->db ) ? MYSQLI_STORE_RESULT : MYSQLI_USE_RESULT;
	$result = run_query( $reader->db, $reader->select_ordinary(), $mode );
	$read   = send_result( $result, $reader, null );
	if ( '' !== $read['tail'] ) {
		$reader->sink->block( $read['tail'], $read['tail_rows'], null, false );
	}
	send_giants_without_key( $reader );
	$reader->sink->block( '', 0, null, true );
	return true;
}

/**
 * How many rows the next SELECT asks for.
 *
 * @param int   $limit The last one's.
 * @param float $size  Bytes of an average row.
 * @param bool  $locks Whether reading locks the table.
 */
function next_limit( $limit, $size, $locks ) {
	$bytes = $locks ? LOCKING_BYTES : SELECT_BYTES;
	if ( limit_answer() > 0 ) {
		// The answer's size is looked at after each SELECT only.
		return (int) max( 1, min( $limit * 4, SELECT_MOST, min( $bytes, block_bytes() ) / max( 1, $size ) ) );
	}
	return (int) max( $locks ? 1 : 50, min( $limit * 4, SELECT_MOST, $bytes / max( 1, $size ) ) );
}
