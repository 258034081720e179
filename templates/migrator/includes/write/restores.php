<?php
/**
 * The restores that this site knows, in a table of our own that no restore can name: its state, its key and its receipt are one row.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/../database.php';

/** How the id of a restore looks; it stands in the names of its tables. */
const RESTORE_ID = '/^rst-[a-z2-7]{8}$/D';

/** Seconds after its making, or after what it wrote last, in which the key of a restore is good. */
const RESTORE_KEY_SECONDS = 1800;

/** Seconds that a restore is kept which was applied and neither accepted nor undone. */
const RESTORE_KEPT_SECONDS = 2592000;

/**
 * States of a restore: `new` (it has a key), `begun` (its tables are there), `sealed` (all rows are, checked), `applied` (the receipt
 * of its transaction), `partly` (some of it was undone), then `undone` or `accepted`, when only the row is left.
 */
const UNWRITTEN_STATES = array( 'new', 'begun', 'sealed' );
const WRITTEN_STATES   = array( 'applied', 'partly' );

/** Of a SELECT: as the last commit left the row. Something that sends reads to a replica, which may be behind, sends these where is written. */
const AS_WRITTEN = ' FOR UPDATE';

/**
 * The name of the table.
 */
function restores_table() {
	global $wpdb;
	return $wpdb->base_prefix . OWN_TABLES . 'restores';
}

/**
 * What the names of a restore's own tables begin with.
 *
 * @param string $id Restore.
 */
function restore_prefix( $id ) {
	global $wpdb;
	return $wpdb->base_prefix . OWN_TABLES . str_replace( '-', '', $id ) . '_';
}

/**
 * Makes the table unless it is there.
 *
 * @param \mysqli $db Connection.
 * @throws Refusal When the database does not let us.
 */
function create_restores_table( $db ) {
	run_query(
		$db,
		'CREATE TABLE IF NOT EXISTS ' . quote_name( restores_table() ) . " (
			id VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
			state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			made INT UNSIGNED NOT NULL,
			changed INT UNSIGNED NOT NULL,
			public_key CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			keyed INT UNSIGNED NOT NULL,
			sequence BIGINT UNSIGNED NOT NULL,
			user_id BIGINT UNSIGNED NOT NULL,
			holder VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			include VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			pending VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
			shape LONGBLOB NOT NULL,
			receipt LONGBLOB NOT NULL
		) ENGINE=InnoDB"
	);
}

/**
 * A restore, by WordPress's connection: whoever asks is not known yet.
 *
 * @param string $id Restore.
 * @return array|null All columns as text; null when there is none, or no table.
 */
function find_restore( $id ) {
	return one_restore( restore_rows( 'id = %s', $id ) );
}

/**
 * The only one of some rows.
 *
 * @param array[] $rows Rows.
 */
function one_restore( array $rows ) {
	return 1 === count( $rows ) ? $rows[0] : null;
}

/**
 * Restores by a condition; none when there is no table.
 *
 * @param string $where Condition with one placeholder.
 * @param mixed  $value What it stands for.
 * @return array[]
 */
function restore_rows( $where, $value ) {
	global $wpdb;
	$silent = $wpdb->suppress_errors( true );
	$rows   = $wpdb->get_results( $wpdb->prepare( 'SELECT * FROM ' . quote_name( restores_table() ) . ' WHERE ' . $where, $value ), ARRAY_A );
	$wpdb->suppress_errors( $silent );
	return is_array( $rows ) ? $rows : array();
}

/**
 * Changes a restore. What is written goes along with whatever transaction is open.
 *
 * @param \mysqli $db      Connection that counts what an UPDATE found (MYSQLI_CLIENT_FOUND_ROWS).
 * @param string  $id      Restore.
 * @param array   $changes Values by column.
 * @param string  $state   It has to be in this state; '' for any.
 * @return bool Whether it was there.
 */
function change_restore( $db, $id, array $changes, $state = '' ) {
	$set = array();
	foreach ( $changes + array( 'changed' => time() ) as $column => $value ) {
		$set[] = quote_name( $column ) . ' = ' . quote_text( $db, (string) $value );
	}
	$where = ' WHERE id = ' . quote_text( $db, $id ) . ( '' === $state ? '' : ' AND state = ' . quote_text( $db, $state ) );
	run_query( $db, 'UPDATE ' . quote_name( restores_table() ) . ' SET ' . implode( ', ', $set ) . $where );
	return mysqli_affected_rows( $db ) > 0;
}

/**
 * Changes a restore that is still in the state in which the request found it. Another request may have applied, undone or accepted it
 * meanwhile: its receipt and its before images are not to be lost.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @param array   $changes Values by column.
 * @throws Refusal When it is in another state by now.
 */
function change_unmoved_restore( $db, array $restore, array $changes ) {
	if ( ! change_restore( $db, $restore['id'], $changes, $restore['state'] ) ) {
		throw new Refusal( 'wrong_state', 409, 'Another request has changed the restore meanwhile.' );
	}
}

/**
 * Whether somebody holds a key of a restore that is still good.
 *
 * @param array $restore Row.
 */
function has_live_key( array $restore ) {
	return '' !== $restore['public_key'] && time() - (int) $restore['keyed'] <= RESTORE_KEY_SECONDS
		&& holder_state( (int) $restore['user_id'] ) === $restore['holder'];
}

/**
 * Drops the tables of a restore, all but its row.
 *
 * @param \mysqli $db Connection.
 * @param string  $id Restore.
 */
function drop_restore_tables( $db, $id ) {
	$prefix = restore_prefix( $id );
	$like   = quote_text( $db, addcslashes( $prefix, '_%\\' ) . '%' );
	foreach ( fetch_all( $db, "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE $like" ) as $row ) {
		run_query( $db, 'DROP TABLE IF EXISTS ' . quote_name( $row['name'] ) );
	}
}

/**
 * Forgets a restore; the last one takes the table with it.
 *
 * @param \mysqli $db Connection.
 * @param string  $id Restore.
 */
function forget_restore( $db, $id ) {
	$restore = find_restore( $id );
	if ( null !== $restore ) {
		require_once __DIR__ . '/files.php';
		require_once __DIR__ . '/tables.php';
		require_once __DIR__ . '/session.php';
		require_once __DIR__ . '/cells.php';
		require_once __DIR__ . '/additions.php';
		require_once __DIR__ . '/add-to-tables.php';
		take_undone_additions_back( $db, $restore );
		drop_restore_folder( $restore );
	}
	drop_restore_tables( $db, $id );
	run_query( $db, 'DELETE FROM ' . quote_name( restores_table() ) . ' WHERE id = ' . quote_text( $db, $id ) );
	if ( array() === fetch_all( $db, 'SELECT id FROM ' . quote_name( restores_table() ) . ' LIMIT 1' ) ) {
		run_query( $db, 'DROP TABLE ' . quote_name( restores_table() ) );
	}
}
