<?php
/**
 * Says what tables hold without sending it: the digest of each range of rows, in exactly the bytes in which "rows" sends them.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/rows.php';
require_once __DIR__ . '/class-row-digest.php';
require_once __DIR__ . '/class-row-bounds.php';

/**
 * Answers "digest".
 *
 * @param array $request "tables" (name, columns, key, after, bounds, stop), "seconds".
 */
function stream_digests( array $request ) {
	stream_tables(
		$request,
		function ( $db, array $asked, array $row, $number, Budget $budget ) {
			$sink   = new Row_Digest( $number );
			$reader = new Table_Reader( $db, $asked, $row, $sink );
			if ( null === $reader->key ) {
				$sink->begin_whole();
				return read_without_key( $reader );
			}
			return digest_ranges( $reader, $sink, $asked, $budget );
		}
	);
}

/**
 * Reads the ranges that end at the bounds, then the rest of the table in ranges of a block each.
 *
 * @param Table_Reader $reader Table.
 * @param Row_Digest   $sink   Its sink.
 * @param array        $asked  As requested.
 * @param Budget       $budget When to stop.
 * @return bool False when time was up first.
 * @throws Refusal When a bound does not fit the key.
 */
function digest_ranges( Table_Reader $reader, Row_Digest $sink, array $asked, Budget $budget ) {
	$bounds = array();
	foreach ( isset( $asked['bounds'] ) && is_array( $asked['bounds'] ) ? $asked['bounds'] : array() as $bound ) {
		$bounds[] = decode_cursor( $bound, count( $reader->key ) );
	}
	// Parts of a range, as a rule.
	if ( ! empty( $asked['stop'] ) && count( $bounds ) > 1 && Row_Bounds::fit( $reader, $bounds ) ) {
		return digest_in_one_go( $reader, $sink, $bounds, $budget );
	}
	foreach ( $bounds as $bound ) {
		$reader->upto = $bound;
		$sink->begin_range( $reader->upto );
		if ( ! read_by_key( $reader, $budget ) ) {
			$sink->cut();
			return false;
		}
		$reader->after = $reader->upto;
		if ( $budget->is_spent() ) {
			return false;
		}
	}
	$reader->upto = null;
	$sink->begin_blocks();
	return ! empty( $asked['stop'] ) || read_by_key( $reader, $budget );
}

/**
 * Reads ranges that follow each other without a SELECT for each.
 *
 * @param Table_Reader $reader Table.
 * @param Row_Digest   $sink   Its sink.
 * @param array[]      $bounds Last keys, which fit.
 * @param Budget       $budget When to stop.
 * @return bool False when time was up first.
 */
function digest_in_one_go( Table_Reader $reader, Row_Digest $sink, array $bounds, Budget $budget ) {
	$reader->upto   = $bounds[ count( $bounds ) - 1 ];
	$reader->bounds = new Row_Bounds( $reader, $sink, $bounds );
	if ( ! read_by_key( $reader, $budget ) ) {
		$sink->cut();
		return false;
	}
	$reader->bounds->ended();
	$reader->bounds->finish();
	return ! $budget->is_spent();
}
