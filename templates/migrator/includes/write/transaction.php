<?php
/**
 * The transaction that writes the live tables, with the restore's new state and receipt in it: either all of it is there, or nothing.
 * Files are put in their places just before, while nobody's row is held yet.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/shape.php';
require_once __DIR__ . '/class-batch-sql.php';
require_once __DIR__ . '/drift.php';
require_once __DIR__ . '/write-batches.php';
require_once __DIR__ . '/healing.php';
require_once __DIR__ . '/updating.php';
require_once __DIR__ . '/active-plugins.php';
require_once __DIR__ . '/settle.php';

/** How often it is begun anew when somebody else holds a row, or moved one meanwhile. */
const WRITE_ATTEMPTS = 4;

/** 1205 waited too long for a lock, 1213 deadlock, 1020 a record was changed, 1047 a node of a cluster is not ready. */
const PASSING_ERRORS = array( 1205, 1213, 1020, 1047 );

/**
 * Writes in one direction. Whoever comes second waits, and then finds the first one's receipt.
 *
 * @param array    $restore Row.
 * @param bool     $undo    The direction.
 * @param string[] $states  In which it may be written; in any other it has been.
 * @param callable $choose  Marks the items that are written; is given a connection beside the transaction, and the shape. May throw.
 * @param callable $receipt State and receipt; is given both connections, the number of rows written by table, and that of the files.
 * @return array{rows: int, gate: int}|null Nanoseconds from the first lock to the end of the commit, or for which a table was altered if that is longer, and while visitors waited; null when it had been done before.
 * @throws Refusal When it cannot be; then nothing was written.
 */
function write_in_transaction( array $restore, $undo, array $states, callable $choose, callable $receipt ) {
	$db   = open_write_session();
	$side = open_write_session();
	set_up_transaction( $db );
	set_up_transaction( $side );
	for ( $attempt = 1; ; $attempt++ ) {
		try {
			return attempt_to_write( $db, $side, $restore, $undo, $states, $choose, $receipt );
		} catch ( Refusal $refusal ) {
			mysqli_query( $db, 'ROLLBACK' );
			$number = isset( $refusal->fields['number'] ) ? $refusal->fields['number'] : 0;
			// A row that was there first (1062) or moved: the next attempt sees it beforehand, and says whose it is.
			$passing = in_array( $number, PASSING_ERRORS, true ) || 1062 === $number || in_array( $refusal->reason, array( 'row_moved', 'file_moved' ), true );
			if ( ! $passing || $attempt >= WRITE_ATTEMPTS ) {
				throw in_array( $number, PASSING_ERRORS, true ) ? new Refusal( 'locked', 503, 'Others hold rows that are to be written.', $refusal->fields ) : $refusal;
			}
			usleep( 100000 * $attempt + random_int( 0, 100000 ) );
		}
	}
}

/**
 * How the transaction is isolated, and how long it waits.
 *
 * @param \mysqli $db Connection.
 */
function set_up_transaction( $db ) {
	$rows  = fetch_all( $db, 'SELECT @@binlog_format AS format' );
	// InnoDB refuses to log statements of a transaction that sees what others commit (1665).
	$level = 'STATEMENT' === strtoupper( (string) $rows[0]['format'] ) ? 'REPEATABLE READ' : 'READ COMMITTED';
	run_query( $db, "SET SESSION TRANSACTION ISOLATION LEVEL $level" );
	run_query( $db, 'SET SESSION innodb_lock_wait_timeout = 1' );
}

/**
 * One attempt.
 *
 * @param \mysqli  $db      Connection of the transaction.
 * @param \mysqli  $side    Another one.
 * @param array    $restore Row.
 * @param bool     $undo    The direction.
 * @param string[] $states  See above.
 * @param callable $choose  See above.
 * @param callable $receipt See above.
 */
function attempt_to_write( $db, $side, array $restore, $undo, array $states, callable $choose, callable $receipt ) {
	$id = $restore['id'];
	run_query( $db, 'START TRANSACTION' );
	run_query( $db, 'SELECT n FROM ' . quote_name( restore_prefix( $id ) . 'p' ) . ' WHERE n = 0 FOR UPDATE' );
	$now = fetch_all( $side, 'SELECT state, pending, shape FROM ' . quote_name( restores_table() ) . ' WHERE id = ' . quote_text( $side, $id ) . AS_WRITTEN );
	if ( ! isset( $now[0] ) || ! in_array( $now[0]['state'], $states, true ) ) {
		run_query( $db, 'ROLLBACK' );
		return null;
	}
	$shape = kept_shape( $side, $now[0] );
	heal_writing( $side, $id, $shape, $now[0]['pending'] );
	$gate  = null;
	$stays = null;
	$work  = array( 'plain' => false );
	$adds  = ! $undo && has_additions( $shape );
	try {
		$altering = 0;
		if ( $adds ) {
			// Before all else: it ends transactions, and the code that is there can live with it.
			change_restore( $side, $id, array( 'pending' => 'apply' ) );
			$altering = add_to_tables( $side, $id, $shape );
			$shape    = kept_shape( $side, $now[0] );
		}
		$choose( $side, $shape );
		$work = prepare_batches( $side, $id, $shape, $undo );
		announce_writing( $side, $id, $shape, $work, $undo );
		$moved   = moved_files( $side, $id, $shape );
		$gate    = close_gate( $restore, $shape, $moved, $undo );
		$files   = move_files( $side, $id, $shape, $undo, false, $db );
		$began   = hrtime( true );
		refuse_new_dependents( $db, $side, $id, $shape, $work );
		$written = write_batches( $db, $side, $work );
		switch_plugins( $db, $id, $shape, $undo );
		list( $state, $text ) = $receipt( $db, $side, $written, $files );
		change_unmoved_restore(
			$db,
			array(
				'id'    => $id,
				'state' => $now[0]['state'],
			),
			array(
				'state'   => $state,
				'receipt' => $text,
				'pending' => '',
				// What takes it back needs the key: it lives as long again, also where its holder's own row has changed by this.
				'keyed'   => time(),
				'holder'  => (string) holder_state( (int) $restore['user_id'], $db ),
			)
		);
		run_query( $db, 'COMMIT' );
		$held = hrtime( true ) - $began;
		forget_moved( $shape, $moved );
		// Before anybody is let in: they would have the old rows from there, and write them back.
		flush_caches();
		$stays = true;
		return array(
			'rows' => max( $held, $altering ),
			'gate' => null === $gate ? 0 : (int) ( ( microtime( true ) - $gate['note']['since'] ) * 1e9 ),
		);
	} catch ( Refusal $refusal ) {
		mysqli_query( $db, 'ROLLBACK' );
		// The note went with the commit: where only its answer was lost, there is nothing to take back. Another request may have healed it
		// meanwhile, and be at work itself.
		if ( $work['plain'] || has_files( $shape ) || $adds ) {
			$stays = in_array( heal( array( 'id' => $id ) ), WRITTEN_STATES, true );
		}
		throw $refusal;
	} finally {
		open_gate( $gate, $stays );
	}
}
