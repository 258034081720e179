<?php
/**
 * What is left of restores when nobody is at work any more: one that wrote nothing goes, one that did is kept for thirty days.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/restores.php';

/**
 * Drops what nobody can want any more. A restore that was applied and neither accepted nor undone keeps its before images.
 *
 * @param \mysqli $db   Connection.
 * @param bool    $keys Whether keys that are still good are to be respected.
 * @param string  $but  A restore that is about to go on: what was cut off of it is mended, and what is staged of it stays.
 */
function tidy_restores( $db, $keys = true, $but = '' ) {
	foreach ( restore_rows( '1 = %d', 1 ) as $restore ) {
		if ( $keys && has_live_key( $restore ) ) {
			continue;
		}
		$restore = healed_restore( $restore );
		if ( $restore['id'] === $but ) {
			continue;
		}
		$kept    = in_array( $restore['state'], WRITTEN_STATES, true ) && time() - (int) $restore['changed'] <= RESTORE_KEPT_SECONDS;
		// A write that was cut off and could not be mended is evidence: the next who may write tries again.
		if ( $kept || '' !== $restore['pending'] ) {
			change_restore( $db, $restore['id'], array( 'public_key' => '', 'changed' => $restore['changed'] ) );
		} elseif ( is_withdrawn( $db, $restore ) ) {
			try {
				forget_restore( $db, $restore['id'] );
			} catch ( Refusal $refusal ) {
				// One that cannot be taken back wholly stays as evidence, and is in nobody else's way.
				error_log( 'wpclone migrator: ' . $refusal->getMessage() );
			}
		}
	}
}

/**
 * Whether nobody writes any more what a restore has staged: its key may have died while it was being applied.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 */
function is_withdrawn( $db, array $restore ) {
	if ( ! in_array( $restore['state'], UNWRITTEN_STATES, true ) ) {
		return true;
	}
	require_once __DIR__ . '/session.php';
	require_once __DIR__ . '/transaction.php';
	try {
		withdraw_restore( $db, $restore, 'new' );
		return true;
	} catch ( Refusal $refusal ) {
		error_log( 'wpclone migrator: ' . $refusal->getMessage() );
		return false;
	}
}

/**
 * A restore whose write was cut off, once what it left half done is taken back.
 *
 * @param array $restore Row.
 * @return array The row as it is by then.
 */
function healed_restore( array $restore ) {
	if ( '' === $restore['pending'] ) {
		return $restore;
	}
	require_once __DIR__ . '/session.php';
	require_once __DIR__ . '/transaction.php';
	try {
		heal( $restore );
	} catch ( Refusal $refusal ) {
		error_log( 'wpclone migrator: ' . $refusal->getMessage() );
	}
	$now = find_restore( $restore['id'] );
	return null === $now ? $restore : $now;
}

/**
 * The same where the plugin goes, with every key. It may be that the database is away: then the next one finds them.
 */
function leave_restores() {
	require_once __DIR__ . '/../gate/note.php';
	remove_half_gate( 0 );
	if ( array() === restore_rows( '1 = %d', 1 ) ) {
		return;
	}
	try {
		tidy_restores( connect_database( 'utf8mb4', MYSQLI_CLIENT_FOUND_ROWS ), false );
		remove_gate( plugin_folder() );
	} catch ( Refusal $refusal ) {
		error_log( 'wpclone migrator: ' . $refusal->getMessage() );
	}
}

/**
 * Whether somebody holds a key of a restore.
 */
function is_restore_under_way() {
	return array() !== array_filter( restore_rows( 'public_key <> %s', '' ), __NAMESPACE__ . '\\has_live_key' );
}

/**
 * Restores of which there is anything. Whoever asks for one of them finds out what became of it, also where its key says nothing any more.
 *
 * @return array[] id, state, made.
 */
function known_restores() {
	return array_map( __NAMESPACE__ . '\\told_restore', restore_rows( 'made > %d', 0 ) );
}

/**
 * Restores that can be undone or accepted, for people.
 *
 * @return array[] As above.
 */
function open_restores() {
	$open = array_filter(
		restore_rows( 'made > %d', 0 ),
		function ( $restore ) {
			return in_array( $restore['state'], WRITTEN_STATES, true ) || '' !== $restore['pending'];
		}
	);
	return array_map( __NAMESPACE__ . '\\told_restore', array_values( $open ) );
}

/**
 * What anybody is told of a restore.
 *
 * @param array $restore Row.
 */
function told_restore( array $restore ) {
	return array(
		'id'    => $restore['id'],
		'state' => $restore['state'],
		'made'  => (int) $restore['made'],
	);
}
