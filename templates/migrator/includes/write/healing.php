<?php
/**
 * What no transaction takes back: tables whose engine keeps none, and files. That they are about to be written is noted before; the commit
 * takes the note away. Where the note is there and nobody is at work, what was written is taken back.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/plain-tables.php';
require_once __DIR__ . '/additions.php';
require_once __DIR__ . '/add-to-tables.php';
require_once __DIR__ . '/move-files.php';
require_once __DIR__ . '/gate.php';

/** Seconds that whoever ends a restore waits for one who is still writing; that one then finds that it was ended. */
const WITHDRAWAL_SECONDS = 20;

/**
 * Notes that such things are about to be written.
 *
 * @param \mysqli $side  Connection: its writes stay whatever becomes of the transaction.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param array   $work  As from prepare_batches().
 * @param bool    $undo  The direction.
 */
function announce_writing( $side, $id, array $shape, array $work, $undo ) {
	if ( $work['plain'] || has_files( $shape ) ) {
		change_restore( $side, $id, array( 'pending' => $undo ? 'undo' : 'apply' ) );
	}
}

/**
 * Takes back what a transaction that never came to its end wrote besides. Whoever calls it holds the restore's lock.
 *
 * @param \mysqli $side    Connection.
 * @param string  $id      Restore.
 * @param array   $shape   As from kept_shape().
 * @param string  $pending The direction that was noted; '' for none.
 * @throws Refusal When it cannot be: then the note stays.
 */
function heal_writing( $side, $id, array $shape, $pending ) {
	if ( '' === $pending ) {
		return;
	}
	$undo = 'apply' === $pending;
	try {
		move_files( $side, $id, $shape, $undo, true );
	} catch ( Refusal $refusal ) {
		if ( 'files_gone' !== $refusal->reason ) {
			throw $refusal;
		}
		// Somebody has cleared the restore's folder away: no later attempt would find more.
		note_lost_files( $side, $id, $shape, $undo );
	}
	forget_moved( $shape, moved_files( $side, $id, $shape ) );
	heal_plain_tables( $side, $id, $shape, $undo );
	if ( $undo ) {
		take_additions_back( $side, $id, $shape, false );
	}
	flush_caches();
	change_restore( $side, $id, array( 'pending' => '' ) );
}

/**
 * Notes in the receipt which files cannot be put back, because what they held before is gone.
 *
 * @param \mysqli $side  Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param bool    $undo  The direction in which they were to be moved.
 */
function note_lost_files( $side, $id, array $shape, $undo ) {
	$lost = array();
	foreach ( moved_files( $side, $id, $shape ) as $file ) {
		try {
			list( , $live ) = file_place( uploads_base(), $file['path'] );
			$same           = null !== facts_of_unchanged( $live, $undo ? $file['sha_from'] : $file['sha_to'] );
		} catch ( Refusal $refusal ) {
			$same = false;
		}
		if ( ! $same ) {
			$lost[] = base64_encode( shown_path( $file['path'] ) );
		}
	}
	if ( array() !== $lost ) {
		$rows    = fetch_all( $side, 'SELECT receipt FROM ' . quote_name( restores_table() ) . ' WHERE id = ' . quote_text( $side, $id ) );
		$receipt = isset( $rows[0] ) ? json_decode( $rows[0]['receipt'], true ) : null;
		change_restore( $side, $id, array( 'receipt' => wp_json_encode( array( 'lost' => $lost ) + ( is_array( $receipt ) ? $receipt : array() ) ) ) );
	}
}

/**
 * Brings a write to its end that was cut off, once nobody is at work any more.
 *
 * @param array $restore Row.
 * @param int   $seconds How long it waits for one that is still at work.
 * @return string The state that the restore is in.
 * @throws Refusal When it cannot be: then the note stays, and the next one who asks tries again.
 */
function heal( array $restore, $seconds = 1 ) {
	$db = open_write_session();
	set_up_transaction( $db );
	run_query( $db, 'SET SESSION innodb_lock_wait_timeout = ' . (int) $seconds );
	$side = open_write_session();
	run_query( $db, 'START TRANSACTION' );
	run_query( $db, 'SELECT n FROM ' . quote_name( restore_prefix( $restore['id'] ) . 'p' ) . ' WHERE n = 0 FOR UPDATE' );
	$now = fetch_all( $side, 'SELECT state, pending, shape FROM ' . quote_name( restores_table() ) . ' WHERE id = ' . quote_text( $side, $restore['id'] ) . AS_WRITTEN );
	if ( isset( $now[0] ) && '' !== $now[0]['pending'] ) {
		heal_writing( $side, $restore['id'], kept_shape( $side, $now[0] ), $now[0]['pending'] );
		open_way( plugin_folder(), $restore['id'], in_array( $now[0]['state'], WRITTEN_STATES, true ) );
	}
	run_query( $db, 'ROLLBACK' );
	return isset( $now[0] ) ? $now[0]['state'] : '';
}

/**
 * Brings a restore into a state in which nobody writes, and takes its folder away. Files are moved before the commit: as long as somebody
 * is at it, what they replaced is there only. Whoever is comes to the end, finds the other state and takes back what they did.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @param string  $state   The state.
 * @throws Refusal When it is in another state by now, or somebody does not come to the end: then nothing is taken away.
 */
function withdraw_restore( $db, array $restore, $state ) {
	change_unmoved_restore( $db, $restore, array( 'state' => $state ) );
	try {
		heal( $restore, WITHDRAWAL_SECONDS );
	} catch ( Refusal $refusal ) {
		// One that never began has no tables (1146): nobody writes without them.
		if ( ! isset( $refusal->fields['number'] ) || 1146 !== $refusal->fields['number'] ) {
			throw $refusal;
		}
	}
	drop_restore_folder( $restore );
}
