<?php
/**
 * Plugin Name:       wpclone migrator
 * Description:       Reads this site out to a wpclone that an administrator paired with it. Removes itself an hour after its last use.
 * Version:           1.2.0
 * Requires at least: 5.5
 * Requires PHP:      7.4
 * Update URI:        false
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 *
 * This program is free software; you can redistribute it and/or modify it under the terms of the GNU General Public License
 * as published by the Free Software Foundation; either version 2 of the License, or (at your option) any later version.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const VERSION  = '1.2.0';
const PROTOCOL = 2;
const SLUG     = 'wpclone-migrator';
const FILE     = __FILE__;

// A visitor may have met the gate before, which needs some of it.
require_once __DIR__ . '/includes/host.php';
require_once __DIR__ . '/includes/keys.php';
require_once __DIR__ . '/includes/lifecycle.php';

register_activation_hook( __FILE__, __NAMESPACE__ . '\\on_activation' );
register_deactivation_hook( __FILE__, __NAMESPACE__ . '\\on_deactivation' );

// phpcs:ignore WordPress.Security.NonceVerification.Missing -- signed instead.
if ( isset( $_POST['wpclone'] ) && is_string( $_POST['wpclone'] ) ) {
	// Answered here and now, before themes, caches and redirects of other plugins come into play.
	require __DIR__ . '/includes/server.php';
	// phpcs:ignore WordPress.Security -- compared with a pattern and a signature before anything is done with it.
	serve( $_POST['wpclone'] );
	exit;
}

if ( is_admin() ) {
	require __DIR__ . '/includes/pairing.php';
	require __DIR__ . '/includes/admin-page.php';
	register_pairing();
	register_admin_page();
}

add_action( 'wp_loaded', __NAMESPACE__ . '\\switch_off_when_unused' );
add_action( 'wp_loaded', __NAMESPACE__ . '\\welcome_new_plugins' );
add_action( 'wp_loaded', __NAMESPACE__ . '\\count_for_plugins' );
add_action( 'wp_loaded', __NAMESPACE__ . '\\clear_after_killed' );
register_shutdown_function( __NAMESPACE__ . '\\count_if_overtaken' );
