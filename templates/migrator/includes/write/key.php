<?php
/**
 * The key of a restore: an administrator who has just logged in hands over the public half of a pair that was made for it.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/../database.php';
require_once __DIR__ . '/../class-refusal.php';
require_once __DIR__ . '/restores.php';
require_once __DIR__ . '/protected.php';
require_once __DIR__ . '/tidy.php';

/** Seconds since the log-in in which a key can be made. */
const FRESH_SECONDS = 900;

/**
 * Answers admin-ajax.php?action=wpclone_restore_key.
 */
function answer_restore_key() {
	require_once __DIR__ . '/../output.php';
	prepare_output();
	nocache_headers();
	if ( 'POST' !== $_SERVER['REQUEST_METHOD'] || ! check_ajax_referer( RESTORE_ACTION, false, false ) ) {
		wp_send_json_error( array( 'code' => 'bad_nonce' ), 403 );
	}
	if ( ! may_pair() ) {
		wp_send_json_error( array( 'code' => 'not_administrator' ), 403 );
	}
	try {
		wp_send_json_success( make_restore_key() );
	} catch ( Refusal $refusal ) {
		wp_send_json_error(
			array(
				'code'    => $refusal->reason,
				'message' => $refusal->getMessage(),
			),
			$refusal->status
		);
	}
}

/**
 * Keeps the public key that was posted.
 *
 * @return array{id: string, state: string, time: int, protocol: int}
 * @throws Refusal When it cannot.
 */
function make_restore_key() {
	if ( is_multisite() ) {
		throw new Refusal( 'network', 409, 'A network of sites cannot be restored to yet.' );
	}
	if ( ! is_fresh_session() ) {
		throw new Refusal( 'not_fresh', 403, 'Log in anew: a key to write is only made right after a log-in.' );
	}
	$id      = posted( 'restore' );
	$public  = posted( 'public_key' );
	$include = '' === posted( 'include' ) ? array() : explode( ',', posted( 'include' ) );
	if ( 1 !== preg_match( RESTORE_ID, $id ) || 1 !== preg_match( '/^[0-9a-f]{64}$/D', $public ) || array() !== array_diff( $include, PROTECTED_CLASSES ) ) {
		throw new Refusal( 'bad_request', 400, 'The request is not understood.' );
	}
	$db = connect_database( 'utf8mb4', MYSQLI_CLIENT_FOUND_ROWS );
	tidy_restores( $db, true, $id );
	try {
		create_restores_table( $db );
	} catch ( Refusal $refusal ) {
		throw new Refusal( 'no_create', 409, 'The database user of the site may not create tables.', $refusal->fields );
	}
	$state = keep_restore_key( $db, $id, $public, implode( ',', $include ) );
	stay_active();
	return array(
		'id'       => $id,
		'state'    => $state,
		'time'     => time(),
		'protocol' => PROTOCOL,
	);
}

/**
 * A field of the form.
 *
 * @param string $name Field.
 */
function posted( $name ) {
	// phpcs:ignore WordPress.Security -- the nonce was checked; each is compared with a pattern.
	return isset( $_POST[ $name ] ) && is_string( $_POST[ $name ] ) ? $_POST[ $name ] : '';
}

/**
 * Whether whoever is logged in has just proven with a password who they are.
 */
function is_fresh_session() {
	$manager = \WP_Session_Tokens::get_instance( get_current_user_id() );
	$session = $manager->get( wp_get_session_token() );
	return is_array( $session ) && isset( $session['login'] ) && time() - (int) $session['login'] <= FRESH_SECONDS;
}

/**
 * One key at a time writes. An unfinished restore whose key has died was tidied away before.
 *
 * @param \mysqli $db      Connection.
 * @param string  $id      Restore.
 * @param string  $public  Public key, hex.
 * @param string  $include Protected classes, with commas between.
 * @return string The state of the restore.
 * @throws Refusal When another restore is being written.
 */
function keep_restore_key( $db, $id, $public, $include ) {
	foreach ( restore_rows( 'id <> %s', $id ) as $other ) {
		if ( in_array( $other['state'], UNWRITTEN_STATES, true ) && has_live_key( $other ) ) {
			throw new Refusal( 'restore_under_way', 409, 'Another restore of this site is under way.' );
		}
		change_restore(
			$db,
			$other['id'],
			array(
				'public_key' => '',
				'changed'    => $other['changed'],
			)
		);
	}
	$user = get_current_user_id();
	$key  = array(
		'public_key' => $public,
		'keyed'      => time(),
		'sequence'   => 0,
		'user_id'    => $user,
		'holder'     => (string) holder_state( $user ),
	);
	$known = find_restore( $id );
	if ( null !== $known ) {
		change_restore( $db, $id, $key );
		return $known['state'];
	}
	$row = $key + array(
		'id'      => $id,
		'state'   => 'new',
		'made'    => time(),
		'changed' => time(),
		'include' => $include,
		'pending' => '',
		'shape'   => '',
		'receipt' => '',
	);
	$quote = function ( $value ) use ( $db ) {
		return quote_text( $db, (string) $value );
	};
	run_query( $db, 'INSERT INTO ' . quote_name( restores_table() ) . ' (' . implode( ', ', array_map( __NAMESPACE__ . '\\quote_name', array_keys( $row ) ) ) . ') VALUES (' . implode( ', ', array_map( $quote, $row ) ) . ')' );
	return 'new';
}
