<?php
/**
 * Rows of tables without a key: all that tells them apart is how often each is there.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Brings the number of each row from the one that is thought to be there to the one that shall be.
 *
 * @param \mysqli   $db   Connection.
 * @param Batch_Sql $sql  Batch.
 * @param bool      $undo The direction.
 * @param bool      $near Any number between the two will do to begin with.
 * @return int Rows written.
 * @throws Refusal When another number is there.
 */
function write_counted( $db, Batch_Sql $sql, $undo, $near = false ) {
	$written = 0;
	foreach ( fetch_all( $db, 'SELECT b.wpclone_seq AS seq, ' . $sql->number( false ) . ' AS old, ' . $sql->number( true ) . ' AS new' . strstr( $sql->count_rows(), ' FROM ' ) ) as $row ) {
		$old = (int) $row['old'];
		$new = (int) $row['new'];
		$now = count_same_rows( $db, $sql, (int) $row['seq'] );
		if ( $now !== $old && ! ( $near && $now >= min( $old, $new ) && $now <= max( $old, $new ) ) ) {
			throw new Refusal( 'row_moved', 409, 'A row is not there as often as it was.', array( 'table' => $sql->table['name'] ) );
		}
		if ( $new > $now ) {
			insert_copies( $db, $sql, (int) $row['seq'], $new - $now );
		} elseif ( $new < $now ) {
			$live = $sql->all_same( 'b', $sql->columns, $sql->live );
			run_query( $db, "DELETE FROM {$sql->live} WHERE EXISTS (SELECT 1 FROM {$sql->b} b WHERE b.wpclone_seq = " . (int) $row['seq'] . " AND $live) LIMIT " . ( $now - $new ) );
		}
		if ( count_same_rows( $db, $sql, (int) $row['seq'] ) !== $new ) {
			throw new Refusal( 'row_moved', 409, 'A row is not there as often as it should be.', array( 'table' => $sql->table['name'] ) );
		}
		$written += abs( $new - $now );
	}
	return $written;
}

/**
 * How often a row is there.
 *
 * @param \mysqli   $db  Connection.
 * @param Batch_Sql $sql Batch.
 * @param int       $seq Number of ours.
 */
function count_same_rows( $db, Batch_Sql $sql, $seq ) {
	return count_of( $db, "SELECT COUNT(*) AS n FROM {$sql->b} b STRAIGHT_JOIN {$sql->live} l ON " . $sql->all_same( 'b', $sql->columns ) . " WHERE b.wpclone_seq = $seq" );
}

/**
 * Inserts a row some times.
 *
 * @param \mysqli   $db    Connection.
 * @param Batch_Sql $sql   Batch.
 * @param int       $seq   Number of ours.
 * @param int       $times How often.
 */
function insert_copies( $db, Batch_Sql $sql, $seq, $times ) {
	$names = implode( ', ', array_map( __NAMESPACE__ . '\\quote_name', $sql->columns ) );
	for ( $copy = 0; $copy < $times; $copy++ ) {
		run_query( $db, "INSERT INTO {$sql->live} ($names) SELECT $names FROM {$sql->b} WHERE wpclone_seq = $seq" );
	}
}
