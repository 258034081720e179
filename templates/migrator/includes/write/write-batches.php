<?php
/**
 * The writing itself, in one fixed order: what goes, what changes, what is new, relations, rows that are counted, and last what the live
 * site numbers. Tables are in the order of their names, parents of foreign keys before their children.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/numbered-rows.php';
require_once __DIR__ . '/counted-rows.php';
require_once __DIR__ . '/foreign-keys.php';

/** What is done, in this order. */
const WRITING_ORDER = array( 'expect', 'destroy', 'update', 'create', 'remove', 'add', 'count', 'numbered', 'owned' );

/**
 * Everything that can be known before the first row is locked: the statements, and how many rows each has to find.
 *
 * @param \mysqli $side  Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param bool    $undo  The direction.
 * @return array{steps: array[], plain: bool, undo: bool}
 */
function prepare_batches( $side, $id, array $shape, $undo ) {
	$steps = array();
	$ranks = parents_first( $side, array_column( $shape['tables'], 'name' ) );
	$plain = false;
	foreach ( array_keys( $shape['batches'] ) as $number ) {
		$sql   = new Batch_Sql( $id, $shape, $number, $undo );
		$count = count_of( $side, $sql->count_rows() );
		if ( 0 === $count || ( $undo && 'expect' === $sql->role ) ) {
			continue;
		}
		if ( ! $undo && in_array( $sql->role, array( 'add', 'remove' ), true ) ) {
			run_query( $side, $sql->mark() );
		}
		$numbered = ! $undo && $sql->numbered;
		$rank     = $ranks[ $sql->table['name'] ];
		$steps[]  = array(
			'sql'   => $sql,
			'what'  => $numbered && ! $sql->table['plain'] ? 'numbered' : $sql->role,
			'rows'  => $count,
			'rank'  => 'destroy' === $sql->role ? -$rank : $rank,
			'texts' => $numbered ? prepare_numbered( $side, $sql ) : array(),
		);
		$plain    = $plain || $sql->table['plain'];
	}
	usort(
		$steps,
		function ( $a, $b ) {
			$place = function ( $step ) {
				return array( $step['sql']->table['plain'] ? 1 : 0, array_search( $step['what'], WRITING_ORDER, true ), $step['rank'], $step['sql']->where );
			};
			return $place( $a ) <=> $place( $b );
		}
	);
	return array(
		'steps' => $steps,
		'plain' => $plain,
		'undo'  => $undo,
	);
}

/**
 * Writes. What keeps no transactions comes last, when everything else is already certain but for the commit, and on a connection of its
 * own: some servers let nobody write both in one transaction.
 *
 * @param \mysqli $db   Connection of the transaction.
 * @param \mysqli $side Another one.
 * @param array   $work As from prepare_batches().
 * @return array<string, int> Rows by table.
 * @throws Refusal With "row_moved" when a statement found another number of rows than it should.
 */
function write_batches( $db, $side, array $work ) {
	$written = array();
	foreach ( $work['steps'] as $step ) {
		$name  = $step['sql']->table['name'];
		$found = write_step( $step['sql']->table['plain'] ? $side : $db, $step, $work['undo'] );

		if ( ! in_array( $step['what'], array( 'expect', 'owned' ), true ) ) {
			$written[ $name ] = $found + ( isset( $written[ $name ] ) ? $written[ $name ] : 0 );
		}
	}
	return $written;
}

/**
 * One batch.
 *
 * @param \mysqli $db   Connection.
 * @param array   $step As from prepare_batches().
 * @param bool    $undo The direction.
 * @return int Rows written.
 */
function write_step( $db, array $step, $undo ) {
	$sql = $step['sql'];
	switch ( $step['what'] ) {
		case 'expect':
			right_number( count_of( $db, $sql->count_expected() ), $step );
			return 0;
		case 'owned':
			right_number( count_of( $db, $sql->count_owned( true ) ), $step );
			return 0;
		case 'update':
			return right_number( affected( $db, $sql->update() ), $step );
		case 'destroy':
			return right_number( affected( $db, $sql->destroy() ), $step );
		case 'create':
			return right_number( affected( $db, $sql->create() ), $step );
		case 'numbered':
			return right_number( insert_numbered( $db, $sql, $step['texts'] ), $step );
		case 'count':
			return write_counted( $db, $sql, $undo );
		default:
			return affected( $db, 'add' === $step['what'] ? $sql->add() : $sql->remove() );
	}
}

/**
 * Runs a statement that writes.
 *
 * @param \mysqli $db  Connection.
 * @param string  $sql Statement.
 * @return int Rows that it found.
 */
function affected( $db, $sql ) {
	run_query( $db, $sql );
	return (int) mysqli_affected_rows( $db );
}

/**
 * Runs a statement that counts.
 *
 * @param \mysqli $db  Connection.
 * @param string  $sql Statement.
 */
function count_of( $db, $sql ) {
	$rows = fetch_all( $db, $sql );
	return (int) $rows[0]['n'];
}

/**
 * Refuses any other number of rows than was staged.
 *
 * @param int   $found Rows.
 * @param array $step  As from prepare_batches().
 * @throws Refusal When it is another one.
 */
function right_number( $found, array $step ) {
	if ( $found !== $step['rows'] ) {
		throw new Refusal( 'row_moved', 409, 'A row is not what it was a moment ago.', array( 'table' => $step['sql']->table['name'] ) );
	}
	return $found;
}
