<?php
/**
 * Pairing: a logged-in administrator gets a fresh key.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const PAIR_ACTION    = 'wpclone_pair';
const RESTORE_ACTION = 'wpclone_restore_key';

/**
 * Hooks the pairing call; there is none for visitors who are not logged in.
 */
function register_pairing() {
	add_action( 'activate_' . plugin_basename( FILE ), __NAMESPACE__ . '\\say_where_to_pair' );
	// Some hosts close admin-ajax.php, which many plugins ask all the time; admin-post.php knows who asks just as well.
	foreach ( array( 'wp_ajax_', 'admin_post_' ) as $door ) {
		add_action( $door . PAIR_ACTION, __NAMESPACE__ . '\\answer_pairing' );
		add_action(
			$door . RESTORE_ACTION,
			function () {
				require_once __DIR__ . '/write/key.php';
				answer_restore_key();
			}
		);
	}
}

/**
 * Whether the current user may hand the site out.
 */
function may_pair() {
	if ( is_multisite() && ! is_super_admin() ) {
		return false;
	}
	return current_user_can( 'manage_options' ) && current_user_can( 'activate_plugins' );
}

/**
 * What a client needs to get a key; docs/PROTOCOL.md of wpclone fixes its form.
 *
 * @return array<string, string|int>
 */
function pairing_point() {
	return array(
		'nonce'    => wp_create_nonce( PAIR_ACTION ),
		'ajax'     => admin_url( 'admin-ajax.php' ),
		'version'  => VERSION,
		'protocol' => PROTOCOL,
	);
}

/**
 * Whoever activates the plugin is told in that very answer what each page of the administration says from now on.
 */
function say_where_to_pair() {
	if ( may_pair() && ! headers_sent() ) {
		header( 'X-Wpclone-Pair: ' . wp_json_encode( pairing_point() ) );
	}
}

/**
 * Answers admin-ajax.php?action=wpclone_pair, and admin-post.php.
 */
function answer_pairing() {
	// What other plugins have said until now would stand before the answer.
	require_once __DIR__ . '/output.php';
	require_once __DIR__ . '/roots.php';
	prepare_output();
	nocache_headers();
	if ( 'POST' !== $_SERVER['REQUEST_METHOD'] || ! check_ajax_referer( PAIR_ACTION, false, false ) ) {
		wp_send_json_error( array( 'code' => 'bad_nonce' ), 403 );
	}
	if ( ! may_pair() ) {
		wp_send_json_error( array( 'code' => 'not_administrator' ), 403 );
	}
	$key = create_key();
	if ( null === $key ) {
		wp_send_json_error( array( 'code' => 'not_stored' ), 500 );
	}
	wp_send_json_success(
		array(
			'protocol' => PROTOCOL,
			'version'  => VERSION,
			'keyId'    => $key['keyId'],
			'secret'   => $key['secret'],
			'url'      => site_address( 'home' ),
		)
	);
}
