<?php
/**
 * The end of a restore: accepted, forgotten, or left for later.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/status.php';
require_once __DIR__ . '/gate.php';

/**
 * Answers "accept": there is no way back any more, and nothing is kept for one. The row stays until "finish", so that whoever did not
 * hear the answer can ask again.
 *
 * @param array   $request Nothing.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 */
function accept_restore( array $request, array $restore, $db ) {
	if ( '' !== $restore['pending'] ) {
		heal( $restore );
	}
	withdraw_restore( $db, $restore, 'accepted' );
	remove_gate( plugin_folder(), $restore['id'] );
	take_undone_additions_back( $db, $restore );
	drop_restore_tables( $db, $restore['id'] );
	answer_write( array( 'state' => 'accepted' ) );
}

/**
 * Answers "finish": a restore that wrote nothing, or that is over, leaves nothing behind.
 *
 * @param array   $request Nothing.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 */
function finish_restore( array $request, array $restore, $db ) {
	if ( '' !== $restore['pending'] ) {
		heal( $restore );
	}
	if ( in_array( $restore['state'], UNWRITTEN_STATES, true ) ) {
		// One that is being applied is refused; or it is applied, and stays.
		withdraw_restore( $db, $restore, 'new' );
	}
	remove_gate( plugin_folder(), $restore['id'] );
	forget_restore( $db, $restore['id'] );
	answer_write( array( 'state' => 'gone' ) );
}

/**
 * Answers "leave": the key dies, and what it takes to undo the restore stays.
 *
 * @param array   $request Nothing.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 */
function leave_restore( array $request, array $restore, $db ) {
	$overtaken = overtaken_requests( $restore );
	if ( null !== $overtaken ) {
		$receipt = array( 'overtaken' => $overtaken ) + read_receipt( $db, $restore['id'] );
		unset( $receipt['state'] );
		change_restore( $db, $restore['id'], array( 'receipt' => wp_json_encode( $receipt ) ) );
	}
	change_restore( $db, $restore['id'], array( 'public_key' => '' ) );
	remove_gate( plugin_folder(), $restore['id'] );
	answer_write( array( 'state' => $restore['state'] ) );
}
