<?php
/**
 * Rows too large to be held or sent at once: their large values are read and sent in pieces, from the same snapshot.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const PIECE_BYTES = 524288;
/** So much of a value is read at once, where memory lets us: the server puts the whole value together for each part that is read. */
const FETCH_BYTES = 16777216;

/**
 * What of a row or value may be read at once: well below what PHP may hold, which has it three times for a moment, and what the
 * server may send.
 *
 * @param \mysqli $db   Connection.
 * @param int     $most Bytes, if these let it.
 */
function bytes_at_once( $db, $most ) {
	static $bytes = null;
	if ( null === $bytes ) {
		$server = fetch_all( $db, 'SELECT @@max_allowed_packet AS packet' );
		$memory = memory_limit_bytes();
		$bytes  = min( intdiv( (int) $server[0]['packet'], 2 ), $memory > 0 ? intdiv( $memory, 16 ) : FETCH_BYTES );
	}
	return min( $most, $bytes );
}

/**
 * From how many bytes in its large columns a row counts as giant.
 *
 * @param \mysqli $db Connection.
 */
function giant_bytes( $db ) {
	$bytes = bytes_at_once( $db, 8388608 );
	// Where answers are small, a row that would fill one comes in pieces too.
	return max( min( 262144, block_bytes() ), 0 === limit_answer() ? $bytes : min( $bytes, block_bytes() ) );
}

/**
 * Sends the giant row of a keyed table that a SELECT stopped at.
 *
 * @param Table_Reader  $reader Table.
 * @param array         $row    Its fields; the large ones are null.
 * @param string[]|null $before Key of the row before.
 * @param Budget        $budget When to stop, also inside the row where the client goes on there.
 * @return string[]|null Its key; null when time was up first.
 */
function send_giant_by_key( Table_Reader $reader, array $row, $before, Budget $budget ) {
	$key   = $reader->key_of( $row );
	$parts = array();
	foreach ( $reader->key as $at => $column ) {
		$parts[] = quote_name( $column['name'] ) . ' = ' . key_literal( $column, $key[ $at ] );
	}
	$whole = send_giant_row( $reader, ' WHERE ' . implode( ' AND ', $parts ), $row, $before, $key, $budget );
	return $whole ? $key : null;
}

/**
 * Sends the giant rows of a table without a key, by their place among each other: a snapshot does not change.
 *
 * @param Table_Reader  $reader Table.
 */
function send_giants_without_key( Table_Reader $reader ) {
	if ( null === $reader->giant ) {
		return;
	}
	$where = ' WHERE ' . $reader->giant;
	$count = fetch_all( $reader->db, 'SELECT COUNT(*) AS n FROM ' . $reader->table . $where );
	for ( $number = 0; $number < (int) $count[0]['n']; $number++ ) {
		$one    = "$where LIMIT $number, 1";
		$result = run_query( $reader->db, $reader->select_fields() . $one );
		$row    = mysqli_fetch_row( $result );
		mysqli_free_result( $result );
		send_giant_row( $reader, $one, $row, null, null, null );
	}
}

/**
 * Sends one giant row.
 *
 * @param Table_Reader  $reader Table.
 * @param string        $where  What finds it.
 * @param array         $row    Its fields; the large ones are null.
 * @param string[]|null $before Key of the row before.
 * @param string[]|null $key    Its own key.
 * @param Budget|null   $budget When to stop; null for never.
 * @return bool False when time was up first.
 */
function send_giant_row( Table_Reader $reader, $where, array $row, $before, $key, $budget ) {
	$lengths = giant_lengths( $reader, $where );
	$text    = '';
	$piece   = min( PIECE_BYTES, block_bytes() );
	$fetch   = $piece * max( 1, intdiv( bytes_at_once( $reader->db, FETCH_BYTES ), $piece ) );
	foreach ( array_keys( $reader->columns ) as $at ) {
		$text .= 0 === $at ? '' : "\t";
		if ( ! array_key_exists( $at, $lengths ) || null === $lengths[ $at ] ) {
			$text .= null === $row[ $at ] ? '\\N' : escape_value( $row[ $at ] );
			continue;
		}
		$fetched = '';
		for ( $offset = 0; $offset < $lengths[ $at ]; $offset += $piece ) {
			if ( 0 === $offset % $fetch ) {
				unset( $fetched );
				$fetched = fetch_piece( $reader, $at, $where, $offset, min( $fetch, $lengths[ $at ] - $offset ) );
			}
			$text .= escape_value( substr( $fetched, $offset % $fetch, $piece ) );
			if ( strlen( $text ) >= $piece ) {
				$reader->sink->block( $text, 0, $before, false, true );
				$text = '';
				if ( null !== $budget && $reader->sink->may_end_in_row() && $budget->is_spent() ) {
					return false;
				}
			}
		}
		unset( $fetched );
	}
	$reader->sink->block( $text . "\n", 1, $key, false );
	return true;
}

/**
 * Lengths of a row's large values.
 *
 * @param Table_Reader  $reader Table.
 * @param string        $where  What finds the row.
 * @return array<int, int|null> By column number; null for NULL.
 * @throws Refusal When the row is not there.
 */
function giant_lengths( Table_Reader $reader, $where ) {
	$fields = array();
	foreach ( $reader->giants as $at ) {
		$fields[] = 'LENGTH(' . quote_name( $reader->columns[ $at ]['name'] ) . ')';
	}
	$result = run_query( $reader->db, 'SELECT ' . implode( ', ', $fields ) . ' FROM ' . $reader->table . $where );
	$values = mysqli_fetch_row( $result );
	mysqli_free_result( $result );
	if ( ! is_array( $values ) ) {
		throw new Refusal( 'database_gone', 500, 'A row went away while it was read.' );
	}
	return array_combine(
		$reader->giants,
		array_map(
			function ( $length ) {
				return null === $length ? null : (int) $length;
			},
			$values
		)
	);
}

/**
 * Some bytes of a large value.
 *
 * @param Table_Reader  $reader Table.
 * @param int           $at     Column number.
 * @param string        $where  What finds the row.
 * @param int           $offset From 0.
 * @param int           $length Bytes.
 * @throws Refusal When it is not there.
 */
function fetch_piece( Table_Reader $reader, $at, $where, $offset, $length ) {
	$column = $reader->columns[ $at ];
	$name   = quote_name( $column['name'] );
	$bytes  = null === $column['charset'] && 'json' !== $column['type'] ? $name : "CONVERT($name USING binary)";
	$result = run_query( $reader->db, "SELECT SUBSTRING($bytes, " . ( $offset + 1 ) . ", $length) FROM " . $reader->table . $where );
	$row    = mysqli_fetch_row( $result );
	mysqli_free_result( $result );
	if ( ! is_array( $row ) || ! is_string( $row[0] ) || strlen( $row[0] ) !== $length ) {
		throw new Refusal( 'row_too_large', 500, 'A large value cannot be read in pieces.' );
	}
	return $row[0];
}
