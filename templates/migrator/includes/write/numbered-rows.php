<?php
/**
 * New rows that the live site numbers. Their numbers have to be known afterwards, to undo them: a statement with all values in it gets
 * numbers that follow each other, whatever else is inserted at the same time; one that selects them does not.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Bytes of one statement, about. */
const NUMBERED_BYTES = 262144;

/**
 * The statements, before anything is locked. Where there are no transactions the numbers are chosen and noted now instead, so that
 * nothing is ever there that is not known of.
 *
 * @param \mysqli   $side Connection.
 * @param Batch_Sql $sql  Batch.
 * @return array[] Text, first and last row of ours, of each.
 */
function prepare_numbered( $side, Batch_Sql $sql ) {
	if ( $sql->table['plain'] ) {
		$counter = quote_name( $sql->table['counter'] );
		run_query( $side, "SELECT @wpclone_number := COALESCE(MAX($counter), 0) FROM {$sql->live}" );
		run_query( $side, "UPDATE {$sql->n} n JOIN {$sql->b} b ON b.wpclone_seq = n.wpclone_seq SET n.$counter = (@wpclone_number := @wpclone_number + 1) WHERE {$sql->where}" );
		return array();
	}
	$columns = array_values( array_diff( $sql->columns, array( $sql->table['counter'] ) ) );
	$fields  = array();
	foreach ( $columns as $column ) {
		$fields[] = str_replace( quote_name( $column ), 'n.' . quote_name( $column ), field_expression( $sql->table['columns'][ $column ] ) );
	}
	$result = run_query( $side, 'SELECT n.wpclone_seq, ' . implode( ', ', $fields ) . " FROM {$sql->b} b JOIN {$sql->n} n ON n.wpclone_seq = b.wpclone_seq WHERE {$sql->where} ORDER BY n.wpclone_seq" );
	$start  = "INSERT INTO {$sql->live} (" . implode( ', ', array_map( __NAMESPACE__ . '\\quote_name', $columns ) ) . ') VALUES ';
	$texts  = array();
	while ( $row = mysqli_fetch_row( $result ) ) {
		$sequence = (int) array_shift( $row );
		$values   = '(' . implode( ', ', cell_literals( $side, $sql->table, $columns, $row ) ) . ')';
		$at       = count( $texts ) - 1;
		if ( $at < 0 || $texts[ $at ]['last'] + 1 !== $sequence || strlen( $texts[ $at ]['text'] ) + strlen( $values ) > NUMBERED_BYTES ) {
			$texts[] = array(
				'text'  => $start . $values,
				'first' => $sequence,
				'last'  => $sequence,
			);
			continue;
		}
		$texts[ $at ]['text'] .= ', ' . $values;
		$texts[ $at ]['last']  = $sequence;
	}
	return $texts;
}

/**
 * Inserts them, notes the number of each, and looks whether it is right.
 *
 * @param \mysqli   $db    Connection.
 * @param Batch_Sql $sql   Batch.
 * @param array[]   $texts As from prepare_numbered().
 * @return int Rows that are there under the number that was noted.
 */
function insert_numbered( $db, Batch_Sql $sql, array $texts ) {
	$counter = quote_name( $sql->table['counter'] );
	$rows    = fetch_all( $db, 'SELECT @@auto_increment_increment AS step' );
	$step    = max( 1, (int) $rows[0]['step'] );
	foreach ( $texts as $each ) {
		run_query( $db, $each['text'] );
		$first = (string) mysqli_insert_id( $db );
		run_query( $db, "UPDATE {$sql->n} SET $counter = $first + $step * (wpclone_seq - {$each['first']}) WHERE wpclone_seq BETWEEN {$each['first']} AND {$each['last']}" );
	}
	return count_of( $db, "SELECT COUNT(*) AS n FROM {$sql->b} b STRAIGHT_JOIN {$sql->n} n ON n.wpclone_seq = b.wpclone_seq STRAIGHT_JOIN {$sql->live} l ON l.$counter = n.$counter WHERE {$sql->where} AND " . $sql->all_same( 'n', $sql->columns ) );
}
