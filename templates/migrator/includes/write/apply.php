<?php
/**
 * The rows of a sealed restore go live.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/transaction.php';
require_once __DIR__ . '/updating.php';

/**
 * Answers "apply". Whoever asks again gets the first one's receipt.
 *
 * @param array   $request Nothing.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 * @throws Refusal When nothing was applied.
 */
function apply_restore( array $request, array $restore, $db ) {
	$id   = $restore['id'];
	$held = null;
	if ( 'sealed' === $restore['state'] ) {
		$held = while_nobody_updates(
			$db,
			function () use ( $restore, $id ) {
				return write_in_transaction(
					$restore,
					false,
					array( 'sealed' ),
					function ( $side, array $shape ) use ( $id ) {
						run_query( $side, 'UPDATE ' . quote_name( restore_prefix( $id ) . 'u' ) . ' SET chosen = 1' );
						refuse_drift( $side, $id, $shape );
					},
					function ( $main, $side, array $written, $files ) {
						return array( 'applied', applied_receipt( $written, $files ) );
					}
				);
			}
		);
	}
	note_held_time( $db, $id, 'applied', $held );
	$receipt = read_receipt( $db, $id );
	if ( ! isset( $receipt['applied'] ) ) {
		throw new Refusal( 'wrong_state', 409, 'Another request has ended the restore meanwhile.' );
	}
	answer_write( $receipt );
}

/**
 * What is kept of it: when, how many rows of which tables, and how many files. Never a value.
 *
 * @param array<string, int> $written Rows by table.
 * @param int                $files   Files.
 */
function applied_receipt( array $written, $files ) {
	return wp_json_encode(
		array(
			'applied' => array(
				'at'    => time(),
				'rows'  => (object) $written,
				'files' => $files,
			),
		)
	);
}

/**
 * Adds to a receipt for how long the site was held. It can only be known once the transaction is over; who dies in between leaves it out.
 *
 * @param \mysqli    $db   Connection.
 * @param string     $id   Restore.
 * @param string     $part "applied" or "undone".
 * @param array|null $held As from write_in_transaction(); null when it is not this request that wrote.
 */
function note_held_time( $db, $id, $part, $held ) {
	if ( null === $held ) {
		return;
	}
	$receipt = read_receipt( $db, $id );

	$receipt[ $part ]['heldMilliseconds'] = round( $held['rows'] / 1e6, 1 );
	if ( $held['gate'] > 0 ) {
		$receipt[ $part ]['gateMilliseconds'] = round( $held['gate'] / 1e6, 1 );
	}
	unset( $receipt['state'] );
	$overtaken = overtaken_requests( (array) find_restore( $id ) );
	if ( null !== $overtaken ) {
		$receipt['overtaken'] = $overtaken;
	}
	change_restore( $db, $id, array( 'receipt' => wp_json_encode( $receipt ) ) );
}

/**
 * The receipt as it is kept, with the state.
 *
 * @param \mysqli $db Connection.
 * @param string  $id Restore.
 * @return array
 */
function read_receipt( $db, $id ) {
	$rows    = fetch_all( $db, 'SELECT state, receipt FROM ' . quote_name( restores_table() ) . ' WHERE id = ' . quote_text( $db, $id ) );
	$receipt = isset( $rows[0] ) ? json_decode( $rows[0]['receipt'], true ) : null;
	return array( 'state' => isset( $rows[0] ) ? $rows[0]['state'] : '' ) + ( is_array( $receipt ) ? $receipt : array() );
}
