<?php
/**
 * What administrators see: a notice on every page while the plugin is active, and a page under Tools.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Hooks notice and page.
 */
function register_admin_page() {
	add_action( 'admin_menu', __NAMESPACE__ . '\\add_page' );
	add_action( 'admin_notices', __NAMESPACE__ . '\\show_notice' );
}

/**
 * Adds Tools > wpclone.
 */
function add_page() {
	add_management_page( 'wpclone', 'wpclone', 'manage_options', SLUG, __NAMESPACE__ . '\\show_page' );
}

/**
 * The element a client reads the pairing nonce from; docs/PROTOCOL.md of wpclone fixes its form.
 */
function show_pairing_element() {
	$point = pairing_point();
	printf(
		'<div id="wpclone-pair" data-nonce="%s" data-ajax="%s" data-version="%s" data-protocol="%d"></div>',
		esc_attr( $point['nonce'] ),
		esc_url( $point['ajax'] ),
		esc_attr( $point['version'] ),
		(int) $point['protocol']
	);
}

/**
 * Whether the page under Tools is being shown, which says it all itself.
 */
function is_own_page() {
	// phpcs:ignore WordPress.Security.NonceVerification -- only decides what is shown.
	return isset( $_GET['page'] ) && SLUG === $_GET['page'];
}

/**
 * The notice on every other admin page.
 */
function show_notice() {
	if ( is_own_page() || ! may_pair() ) {
		return;
	}
	echo '<div class="notice notice-info"><p>' . esc_html( state_sentence() ) . '</p>';
	show_pairing_element();
	show_open_restores();
	echo '</div>';
}

/**
 * The page.
 */
function show_page() {
	echo '<div class="wrap"><h1>wpclone</h1>';
	if ( may_pair() ) {
		echo '<p>' . esc_html( state_sentence() ) . '</p>';
		echo '<p>' . esc_html__( 'To end it now, deactivate the plugin: that revokes every key.', 'wpclone-migrator' ) . '</p>';
		show_pairing_element();
		// Only here: who reads every page of the administration need not find it.
		printf( '<div id="wpclone-restore" data-nonce="%s"></div>', esc_attr( wp_create_nonce( RESTORE_ACTION ) ) );
		show_open_restores();
	}
	echo '</div>';
}

/**
 * Restores that can still be undone: what is kept for that takes room, and holds what was replaced.
 */
function show_open_restores() {
	require_once __DIR__ . '/write/tidy.php';
	foreach ( open_restores() as $restore ) {
		echo '<p>' . esc_html(
			sprintf(
				/* translators: 1: id of a restore, 2: date, 3: number of days */
				__( 'Restore %1$s of %2$s can be undone: what it replaced is kept in the database for %3$d days, unless it is accepted (wpclone restore accept %1$s) or undone (wpclone restore undo %1$s).', 'wpclone-migrator' ),
				$restore['id'],
				wp_date( 'Y-m-d H:i', $restore['made'] ),
				(int) ( RESTORE_KEPT_SECONDS / 86400 )
			)
		) . '</p>';
	}
}

/**
 * What the plugin is doing, in a sentence.
 */
function state_sentence() {
	$minutes = max( 0, (int) ceil( ( (int) get_option( ACTIVE_UNTIL, 0 ) - time() ) / 60 ) );
	$keys    = count_keys();
	return sprintf(
		/* translators: 1: number of keys, 2: minutes */
		__( 'The wpclone migrator is active: %1$d paired client(s) can read this site out. It removes itself in %2$d minutes unless it is used.', 'wpclone-migrator' ),
		$keys,
		$minutes
	);
}
