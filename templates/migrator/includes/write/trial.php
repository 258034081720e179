<?php
/**
 * Whether the web server lets requests through while `.maintenance` is there: some have a rule of their own for that file, and would answer
 * everybody from the moment the gate is closed, us too, so that nobody could open it any more. Before anything is written the file is put
 * there for a moment, with the gate open, and others ask meanwhile.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/shape.php';
require_once __DIR__ . '/updating.php';
require_once __DIR__ . '/undo.php';
require_once __DIR__ . '/gate.php';
require_once __DIR__ . '/../gate/visitor.php';

/** Seconds that the file stands there at most. */
const TRIAL_SECONDS = 1;

/** Seconds that one who waits for it waits, and watches over it, at most. */
const TRIAL_WATCH_SECONDS = 3;

/** Microseconds between two looks. */
const TRIAL_PAUSE = 10000;

/** The name that whoever tries it gives an attempt. */
const TRIAL_NAME = '/^[0-9a-f]{32}$/D';

/**
 * Answers "gate". `need` says whether there is anything to try. Of one attempt `hold` puts the file there and takes it away, `wait` answers
 * when it is there, `look` says whether it is, and `pass` ends it.
 *
 * @param array   $request part, trial: name of the attempt; only: as of "undo".
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 * @throws Refusal When it cannot be tried.
 */
function try_gate( array $request, array $restore, $db ) {
	$part = isset( $request['part'] ) ? $request['part'] : '';
	$name = isset( $request['trial'] ) && is_string( $request['trial'] ) ? $request['trial'] : '';
	if ( 1 !== preg_match( TRIAL_NAME, $name ) || ! in_array( $part, array( 'need', 'hold', 'wait', 'look', 'pass' ), true ) ) {
		throw misshapen();
	}
	$folder = restore_folder( $restore );
	if ( null === $folder || 'undone' === $restore['state'] ) {
		answer_write( array( 'needed' => false ) );
	} elseif ( 'need' === $part ) {
		answer_write( array( 'needed' => is_trial_needed( $restore, asked_items( $request ), $db ) ) );
	} elseif ( 'hold' === $part ) {
		hold_trial( $name, $folder, $restore, asked_items( $request ), $db );
	} elseif ( 'wait' === $part ) {
		wait_for_trial( $name, $folder );
	} else {
		if ( 'pass' === $part ) {
			write_whole_file( $folder . '/passed', $name );
		}
		answer_write( array( 'there' => is_trial_there( $name, $folder ) ) );
	}
}

/**
 * Whether visitors will be kept waiting, and the file is not there already: our gate, or one that an update left behind. Then this very
 * request has come through.
 *
 * @param array         $restore Row.
 * @param string[]|null $only    Ids of items, where not all is undone.
 * @param \mysqli       $db      Connection.
 * @throws Refusal When WordPress updates itself.
 */
function is_trial_needed( array $restore, $only, $db ) {
	$files = restore_files( $db, $restore['id'], 'NOT (f.sha_from <=> f.sha_to) AND ' . still_to_undo( $db, $only ) );
	if ( ! is_run_by_visitors( $files, in_array( $restore['state'], WRITTEN_STATES, true ) ) ) {
		return false;
	}
	if ( is_maintenance_fresh() ) {
		throw update_under_way();
	}
	clearstatcache( true, ABSPATH . '.maintenance' );
	return ! is_file( ABSPATH . '.maintenance' );
}

/**
 * Puts the file there until somebody came through, a second at most, and says so once it is away again.
 *
 * @param string        $name    Of the attempt.
 * @param string        $folder  Folder of the restore.
 * @param array         $restore Row.
 * @param string[]|null $only    Ids of items, where not all is undone.
 * @param \mysqli       $db      Connection.
 * @throws Refusal When it cannot be put there, or WordPress updates itself.
 */
function hold_trial( $name, $folder, array $restore, $only, $db ) {
	$file = ABSPATH . '.maintenance';
	if ( ! is_trial_needed( $restore, $only, $db ) ) {
		// Whoever waits for it is not to wait any longer.
		write_whole_file( $folder . '/trial', "$name over" );
		answer_write( array( 'needed' => false ) );
		return;
	}
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	$alive = @fopen( $folder . '/alive', 'c' );
	if ( false !== $alive && ! flock( $alive, LOCK_EX | LOCK_NB, $held ) && 1 === $held ) {
		throw new Refusal( 'locked', 503, 'Another request tries the gate.' );
	}
	register_shutdown_function( __NAMESPACE__ . '\\end_trial', $name, $folder );
	$until  = microtime( true ) + TRIAL_SECONDS;
	$beside = $file . BESIDE;
	// Noted before it is there, so that whoever watches finds it whenever we are killed.
	$made = false !== $alive && false !== @file_put_contents( $beside, gate_line( plugin_folder() ) ) && write_whole_file( $folder . '/trial', $name . ' ' . @fileinode( $beside ) );
	clearstatcache( true, $file );
	// Somebody else's may have come meanwhile, which tells others that WordPress is being updated.
	$free = ! file_exists( $file );
	if ( ! $made || ! $free || ! @rename( $beside, $file ) ) {
		@unlink( $beside );
		end_trial( $name, $folder );
		if ( ! $free ) {
			throw update_under_way();
		}
		throw about_file( 'not_writable', '.maintenance', 'PHP may not write where visitors are told to wait.' );
	}
	forget_compiled( array( $file ) );
	do {
		usleep( TRIAL_PAUSE );
		$passed = @file_get_contents( $folder . '/passed' ) === $name;
	} while ( ! $passed && microtime( true ) < $until );
	end_trial( $name, $folder );
	fclose( $alive );
	// phpcs:enable
	answer_write( array( 'needed' => true ) );
}

/**
 * Takes the file away, if it is still the one of this attempt: WordPress, or the gate itself, may have put another one in its place, which
 * may well have got the number of the one that it took away.
 *
 * @param string $name   Of the attempt.
 * @param string $folder Folder of the restore.
 */
function end_trial( $name, $folder ) {
	$file = ABSPATH . '.maintenance';
	clearstatcache();
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	$noted = (string) @file_get_contents( $folder . '/trial' );
	if ( is_file( $file ) && $noted === $name . ' ' . @fileinode( $file ) && is_gate( $file ) && null === read_gate_note( plugin_folder() ) && @unlink( $file ) ) {
		forget_compiled( array( $file ) );
	}
	// phpcs:enable
	write_whole_file( $folder . '/trial', "$name over" );
}

/**
 * Whether the file of an attempt is there.
 *
 * @param string $name   Of the attempt.
 * @param string $folder Folder of the restore.
 */
function is_trial_there( $name, $folder ) {
	$now = (string) @file_get_contents( $folder . '/trial' ); // phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	clearstatcache( true, ABSPATH . '.maintenance' );
	return 0 === strpos( $now, $name ) && "$name over" !== $now && is_file( ABSPATH . '.maintenance' );
}

/**
 * Answers when the file is there, or was, and stays to see that it goes: behind such a rule nobody else could take it away, should the one
 * who put it there be killed.
 *
 * @param string $name   Of the attempt.
 * @param string $folder Folder of the restore.
 */
function wait_for_trial( $name, $folder ) {
	$until = microtime( true ) + TRIAL_WATCH_SECONDS;
	$over  = false;
	while ( ! is_trial_there( $name, $folder ) && ! $over && microtime( true ) < $until ) {
		usleep( TRIAL_PAUSE );
		$over = @file_get_contents( $folder . '/trial' ) === "$name over"; // phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	}
	answer_write( array( 'there' => is_trial_there( $name, $folder ) ) );
	if ( ! ends_answer_early() ) {
		return;
	}
	while ( is_trial_there( $name, $folder ) && microtime( true ) < $until ) {
		usleep( TRIAL_PAUSE );
		if ( is_abandoned( array( 'since' => microtime( true ), 'folder' => $folder ) ) ) {
			end_trial( $name, $folder );
		}
	}
}

/**
 * Lets whoever asked have the answer while this request goes on, where PHP can do that.
 */
function ends_answer_early() {
	foreach ( array( 'fastcgi_finish_request', 'litespeed_finish_request' ) as $finishes ) {
		if ( function_exists( $finishes ) ) {
			return (bool) $finishes();
		}
	}
	return 'apache2handler' === PHP_SAPI;
}
