<?php
/**
 * Undoing: what the restore wrote is taken back where it is still what the restore wrote. What was changed since is kept, with all of the
 * item that it belongs to, and told of.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/transaction.php';
require_once __DIR__ . '/updating.php';
require_once __DIR__ . '/apply.php';

/**
 * Answers "undo".
 *
 * @param array   $request only: ids of items, base64; absent for all.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 * @throws Refusal When nothing was undone.
 */
function undo_restore( array $request, array $restore, $db ) {
	$id   = $restore['id'];
	$only = asked_items( $request );
	$kept = array();
	$sums = array();
	$held = null;
	if ( in_array( $restore['state'], WRITTEN_STATES, true ) ) {
		$held = while_nobody_updates(
			$db,
			function () use ( $restore, $id, $only, &$kept, &$sums ) {
				return write_in_transaction(
					$restore,
					true,
					WRITTEN_STATES,
					function ( $side, array $shape ) use ( $id, $only, &$kept, &$sums ) {
						$kept = choose_undone( $side, $id, $shape, $only );
						// Counted here: later on rows are held.
						$sums = undone_sums( $side, $id );
					},
					function ( $main ) use ( $restore, $id, &$kept, &$sums ) {
						run_query( $main, 'UPDATE ' . quote_name( restore_prefix( $id ) . 'u' ) . ' SET undone = 1 WHERE chosen = 1' );
						return undone_receipt( $restore, $kept, $sums );
					}
				);
			}
		);
	}
	note_held_time( $db, $id, 'undone', $held );
	$kept   = array_merge( $kept, take_undone_additions_back( $db, $restore ) );
	$answer = read_receipt( $db, $id ) + array( 'kept' => name_items( $db, $id, $kept ) );
	answer_write( $answer );
}

/**
 * Which items are asked for.
 *
 * @param array $request only: ids of items, base64; absent for all.
 * @return string[]|null Null for all.
 */
function asked_items( array $request ) {
	return isset( $request['only'] ) && is_array( $request['only'] ) ? decoded_cells( $request['only'], count( $request['only'] ) ) : null;
}

/**
 * A condition for those that are asked for and were not undone before.
 *
 * @param \mysqli       $db   Connection.
 * @param string[]|null $only Ids of items.
 */
function still_to_undo( $db, $only ) {
	$quoted = array( "''" );
	foreach ( null === $only ? array() : $only as $name ) {
		$quoted[] = quote_text( $db, (string) $name );
	}
	return 'undone = 0' . ( null === $only ? '' : ' AND id IN (' . implode( ', ', $quoted ) . ')' );
}

/**
 * Chooses what is undone: of the items that are asked for and were not undone before, those that are still as the restore left them,
 * and that nothing else needs.
 *
 * @param \mysqli       $side  Connection.
 * @param string        $id    Restore.
 * @param array         $shape As from kept_shape().
 * @param string[]|null $only  Ids of items.
 * @return array[] What is kept, as from find_drift().
 */
function choose_undone( $side, $id, array $shape, $only ) {
	$items = quote_name( restore_prefix( $id ) . 'u' );
	run_query( $side, "UPDATE $items SET chosen = IF(" . still_to_undo( $side, $only ) . ', 1, 0)' );
	$kept  = array();
	$files = find_file_drift( $side, $id, $shape, true );
	do {
		$found = array_merge( $files, find_drift( $side, $id, $shape, true ), find_dependents( $side, $id, $shape, true ) );
		$kept  = array_merge( $kept, $found );
		$files = array();
		if ( array() !== $found ) {
			run_query( $side, "UPDATE $items SET chosen = 0 WHERE n IN (" . implode( ', ', array_unique( array_column( $found, 'n' ) ) ) . ')' );
		}
		// What is kept may need what was to be undone.
	} while ( array() !== $found );
	return $kept;
}

/**
 * How many items are undone now, and how many neither now nor before.
 *
 * @param \mysqli $side Connection.
 * @param string  $id   Restore.
 * @return array{items: int, left: int}
 */
function undone_sums( $side, $id ) {
	$rows = fetch_all( $side, 'SELECT COALESCE(SUM(chosen = 1), 0) AS items, COALESCE(SUM(undone = 0 AND chosen = 0), 0) AS rest FROM ' . quote_name( restore_prefix( $id ) . 'u' ) );
	return array(
		'items' => (int) $rows[0]['items'],
		'left'  => (int) $rows[0]['rest'],
	);
}

/**
 * State and receipt after undoing.
 *
 * @param array   $restore Row.
 * @param array[] $kept    As from find_drift().
 * @param array   $sums    As from undone_sums().
 * @return array{0: string, 1: string}
 */
function undone_receipt( array $restore, array $kept, array $sums ) {
	$receipt = json_decode( $restore['receipt'], true );

	$receipt['undone'] = array(
		'at'    => time(),
		'items' => $sums['items'],
		'kept'  => count( array_unique( array_column( $kept, 'n' ) ) ),
		'left'  => $sums['left'],
	);
	return array( 0 === $sums['left'] ? 'undone' : 'partly', wp_json_encode( $receipt ) );
}
