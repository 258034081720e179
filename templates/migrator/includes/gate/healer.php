<?php
/**
 * Puts back what a restore that was cut off had replaced, before WordPress is there. The database says whether it was: the row that whoever
 * writes has locked is waited for, so that files which are put back and a commit that comes late never meet.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/../class-refusal.php';
require_once __DIR__ . '/../database.php';
require_once __DIR__ . '/../write/restores.php';
require_once __DIR__ . '/../write/code-paths.php';
require_once __DIR__ . '/../write/move-files.php';

/**
 * Heals, and opens the gate. Where it cannot be told what happened, or somebody is still at work, nothing is done.
 *
 * @param string $plugin The plugin's folder.
 * @param array  $note   As from read_gate_note().
 */
function heal_at_gate( $plugin, array $note ) {
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	$journal = bytes_from_json( (string) @file_get_contents( $note['folder'] . '/journal' ) );
	$lock    = @fopen( $note['folder'] . '/healing', 'c' );
	// One heals, and all others wait for that.
	if ( false === $lock || ! flock( $lock, LOCK_EX | LOCK_NB ) ) {
		usleep( 20000 );
		return;
	}
	try {
		if ( is_array( $journal ) && ! is_gate_gone( $plugin, $note ) ) {
			$state = put_back( $note['folder'], $journal );
			open_way( $plugin, $note['restore'], in_array( $state, WRITTEN_STATES, true ) );
		}
	} catch ( Refusal $refusal ) {
		if ( 'locked' !== $refusal->reason ) {
			error_log( 'wpclone migrator: ' . $refusal->getMessage() );
		}
		usleep( 100000 );
	}
	fclose( $lock );
	// phpcs:enable
}

/**
 * Whether another one has done it meanwhile.
 *
 * @param string $plugin The plugin's folder.
 * @param array  $note   As it was read before.
 */
function is_gate_gone( $plugin, array $note ) {
	return read_gate_note( $plugin ) !== $note;
}

/**
 * Moves files back, unless the transaction that they belong to came to its end. What else there is to take back waits for WordPress: the
 * database keeps the note of it.
 *
 * @param string $folder  Folder of the restore.
 * @param array  $journal tables, server, files: see write_journal().
 * @return string The state of the restore.
 * @throws Refusal When the database does not answer, somebody is at work, or the host does not let us.
 */
function put_back( $folder, array $journal ) {
	$db = connect_to( $journal['server'], 'binary' );
	run_query( $db, 'SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, autocommit = 1' );
	run_query( $db, 'START TRANSACTION' );
	run_query( $db, 'SELECT n FROM ' . $journal['lock'] . ' WHERE n = 0 FOR UPDATE' );
	$side = connect_to( $journal['server'], 'binary' );
	// A replica, where reads may be sent to, could be behind the commit that was just waited for.
	$now  = fetch_all( $side, 'SELECT state, pending FROM ' . $journal['restores'] . ' WHERE id = ' . quote_text( $side, $journal['restore'] ) . ' FOR UPDATE' );
	if ( isset( $now[0] ) && '' !== $now[0]['pending'] ) {
		$undo = 'apply' === $now[0]['pending'];
		$lock = lock_files( $folder, false );
		foreach ( $undo ? array_reverse( $journal['files'] ) : $journal['files'] as $file ) {
			put_one_back( $folder, $file, $undo );
		}
		unlock_files( $lock );
	}
	forget_compiled( array_column( $journal['files'], 'live' ) );
	run_query( $db, 'ROLLBACK' );
	return isset( $now[0] ) ? $now[0]['state'] : '';
}

/**
 * One file.
 *
 * @param string $folder Folder of the restore.
 * @param array  $file   Of the journal.
 * @param bool   $undo   The direction.
 * @throws Refusal When the host does not let us.
 */
function put_one_back( $folder, array $file, $undo ) {
	try {
		move_file( $file['live'], $folder, $file, $undo, true );
	} catch ( Refusal $refusal ) {
		// What others did meanwhile is left as it is.
		if ( 'not_writable' === $refusal->reason ) {
			throw $refusal;
		}
	}
}
