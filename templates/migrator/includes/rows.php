<?php
/**
 * Reads tables out, one after another, in key order, from one snapshot, until they are done or time is up.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const BLOCK_BYTES = 524288;

/** How much one SELECT of a keyed table aims at: what is left of it has to be read even when time is up. */
const SELECT_BYTES = 16777216;
const SELECT_FIRST = 1000;
const SELECT_MOST  = 100000;

/** The same where reading locks: less than a block, so that no row is left to be fetched while a block waits for a slow client. */
const LOCKING_BYTES = 262144;

/**
 * Answers "rows".
 *
 * @param array $request "tables" (name, columns, key, after), "seconds", "gzip".
 * @throws Refusal When the request is not understood, or a table cannot be read.
 */
function stream_rows( array $request ) {
	$tables = isset( $request['tables'] ) && is_array( $request['tables'] ) ? $request['tables'] : array();
	$budget = new Budget( isset( $request['seconds'] ) ? $request['seconds'] : null );
	$db     = connect_database( 'binary' );
	$own    = own_tables( $db );
	start_snapshot( $db );
	start_stream();
	foreach ( array_values( $tables ) as $number => $table ) {
		$name = is_array( $table ) && isset( $table['name'] ) ? (string) $table['name'] : '';
		if ( ! isset( $own['tables'][ $name ] ) ) {
			throw new Refusal( 'no_such_table', 404, 'There is no such table.', array( 't' => $number ) );
		}
		try {
			$reader = prepare_reader( $db, $table, $number, ! empty( $request['gzip'] ), $own['tables'][ $name ] );
			$done   = null === $reader['key'] ? read_without_key( $db, $reader ) : read_by_key( $db, $reader, $budget );
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
 * @param \mysqli $db     Connection.
 * @param array   $reader See prepare_reader().
 * @param Budget  $budget When to stop.
 * @return bool False when time was up first.
 */
function read_by_key( $db, array $reader, Budget $budget ) {
	$limit  = $reader['locks'] ? 1 : SELECT_FIRST;
	$cursor = $reader['after'];
	for ( ;; ) {
		$result = run_query( $db, select_by_key( $reader, $cursor, $limit ), MYSQLI_USE_RESULT );
		$read   = send_result( $db, $result, $reader, $cursor );
		$cursor = $read['cursor'];
		if ( $read['giant'] ) {
			if ( '' !== $read['tail'] ) {
				send_rows_frame( $reader, $read['tail'], $read['tail_rows'], $cursor, false );
			}
			$cursor = send_giant_by_key( $db, $reader, $read['giant'], $cursor );
			// Where one is, there may be more; each costs the rest of its SELECT.
			$limit = $reader['locks'] ? 1 : 50;
			if ( $budget->is_spent() ) {
				return false;
			}
			continue;
		}
		if ( $read['rows'] < $limit ) {
			send_rows_frame( $reader, $read['tail'], $read['tail_rows'], $cursor, true );
			return true;
		}
		if ( '' !== $read['tail'] ) {
			send_rows_frame( $reader, $read['tail'], $read['tail_rows'], $cursor, false );
		}
		if ( $budget->is_spent() ) {
			return false;
		}
		$limit = next_limit( $limit, $read['bytes'] / $read['rows'], $reader['locks'] );
	}
}

/**
 * Reads a table without a key: nothing says where to go on, so it is read whole, however long that takes. Giant rows come last.
 * Where reading locks, a table that is not too large is held in memory, so that the lock does not last as long as the client takes.
 *
 * @param \mysqli $db     Connection.
 * @param array   $reader See prepare_reader().
 */
function read_without_key( $db, array $reader ) {
	if ( function_exists( 'set_time_limit' ) ) {
		// phpcs:ignore WordPress.PHP.NoSilencedErrors
		@set_time_limit( 0 );
	}
	$cursor = null;
	$mode   = $reader['locks'] && $reader['bytes'] <= giant_bytes( $db ) ? MYSQLI_STORE_RESULT : MYSQLI_USE_RESULT;
	$result = run_query( $db, select_ordinary( $reader ), $mode );
	$read   = send_result( $db, $result, $reader, $cursor );
	if ( '' !== $read['tail'] ) {
		send_rows_frame( $reader, $read['tail'], $read['tail_rows'], null, false );
	}
	send_giants_without_key( $db, $reader );
	send_rows_frame( $reader, '', 0, null, true );
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
	return (int) max( $locks ? 1 : 50, min( $limit * 4, SELECT_MOST, ( $locks ? LOCKING_BYTES : SELECT_BYTES ) / max( 1, $size ) ) );
}

/**
 * Sends a block of rows.
 *
 * @param array      $reader  See prepare_reader().
 * @param string     $text    Rows.
 * @param int        $rows    How many end in it.
 * @param array|null $cursor  Key of the last whole row.
 * @param bool       $last    Whether the table ends with it.
 * @param bool       $partial Whether the last row goes on in the next block.
 */
function send_rows_frame( array $reader, $text, $rows, $cursor, $last, $partial = false ) {
	$head = array(
		't' => $reader['number'],
		'n' => $rows,
		'c' => null === $cursor ? null : array_map( 'base64_encode', $cursor ),
	);
	if ( $last ) {
		$head['last'] = true;
	}
	if ( $partial ) {
		$head['part'] = true;
	}
	send_frame( 'R', $head, $text, $reader['gzip'] );
}
