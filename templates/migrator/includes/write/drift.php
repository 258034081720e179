<?php
/**
 * What on the live site is not (any more) as it is thought to be.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-batch-drift.php';
require_once __DIR__ . '/dependents.php';
require_once __DIR__ . '/file-facts.php';

/** Items that are named; of more it is enough to know that there are more. */
const MOST_DRIFT = 200;

/**
 * Compares, without locking anything.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param bool    $undo  The direction.
 * @return array[] n (of the item), table, why: changed, gone, taken, more.
 */
function find_drift( $db, $id, array $shape, $undo ) {
	$found = array();
	foreach ( array_keys( $shape['batches'] ) as $number ) {
		$batch = new Batch_Drift( $id, $shape, $number, $undo );
		foreach ( $undo && 'expect' === $batch->role ? array() : $batch->mismatches( $undo ? 1000000 : MOST_DRIFT ) as $sql ) {
			foreach ( fetch_all( $db, $sql ) as $row ) {
				$found[] = array(
					'n'     => (int) $row['n'],
					'table' => $batch->table['name'],
					'why'   => $row['why'],
				);
			}
		}
	}
	return $found;
}

/**
 * Refuses to go on when something has drifted.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @throws Refusal With the items.
 */
function refuse_drift( $db, $id, array $shape ) {
	$found = array_merge( find_drift( $db, $id, $shape, false ), find_dependents( $db, $id, $shape, false ), find_file_drift( $db, $id, $shape, false ) );
	if ( array() !== $found ) {
		throw new Refusal( 'drift', 409, 'The live site has changed since the plan was made.', array( 'drift' => name_items( $db, $id, array_slice( $found, 0, MOST_DRIFT ) ) ) );
	}
}

/**
 * Adds id and title of each item.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array[] $found As from find_drift().
 * @return array[] item and title in base64, table, why.
 */
function name_items( $db, $id, array $found ) {
	$numbers = array_unique( array_column( $found, 'n' ) );
	$items   = array();
	foreach ( array() === $numbers ? array() : fetch_all( $db, 'SELECT n, id, title FROM ' . quote_name( restore_prefix( $id ) . 'u' ) . ' WHERE n IN (' . implode( ', ', $numbers ) . ')' ) as $row ) {
		$items[ (int) $row['n'] ] = $row;
	}
	return array_map(
		function ( $each ) use ( $items ) {
			return array(
				'item'  => isset( $items[ $each['n'] ] ) ? base64_encode( $items[ $each['n'] ]['id'] ) : '',
				'title' => isset( $items[ $each['n'] ] ) ? base64_encode( $items[ $each['n'] ]['title'] ) : '',
				'table' => $each['table'],
				'why'   => $each['why'],
			);
		},
		$found
	);
}
