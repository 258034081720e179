<?php
/**
 * Runs when WordPress deletes the plugin: leaves no option behind.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

require_once __DIR__ . '/includes/host.php';
require_once __DIR__ . '/includes/keys.php';

drop_everything();

// The Plugins page notes what was switched off there.
$recent = get_option( 'recently_activated' );
if ( is_array( $recent ) && isset( $recent[ WP_UNINSTALL_PLUGIN ] ) ) {
	unset( $recent[ WP_UNINSTALL_PLUGIN ] );
	update_option( 'recently_activated', $recent );
}
