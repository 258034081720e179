<?php
/**
 * Coming and going: the plugin switches itself off an hour after its last use, and takes its keys and files with it.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Starts the hour in which the plugin waits to be paired.
 */
function on_activation() {
	update_option( ACTIVE_UNTIL, time() + UNUSED_SECONDS );
	cancel_upload_cleanup();
}

/**
 * For each uploaded plugin WordPress makes a note to delete the zip two hours later; ours is deleted by now, or in the trash
 * where the site keeps one for media (MEDIA_TRASH).
 */
function cancel_upload_cleanup() {
	$hook  = 'upgrader_scheduled_cleanup';
	$crons = _get_cron_array();
	foreach ( is_array( $crons ) ? $crons : array() as $time => $hooks ) {
		foreach ( isset( $hooks[ $hook ] ) ? $hooks[ $hook ] : array() as $event ) {
			$upload = isset( $event['args'][0] ) ? get_post( $event['args'][0] ) : null;
			if ( $upload && 'trash' === $upload->post_status && SLUG . '.zip' === $upload->post_title ) {
				wp_delete_attachment( $upload->ID, true );
				$upload = null;
			}
			if ( isset( $event['args'][0] ) && ! $upload ) {
				wp_unschedule_event( $time, $hook, $event['args'] );
			}
		}
	}
}

/**
 * An inactive plugin has no keys.
 */
function on_deactivation() {
	drop_everything();
}

/**
 * Runs with every page of the site: one look at an option that is loaded anyway.
 */
function switch_off_when_unused() {
	$until = (int) get_option( ACTIVE_UNTIL, 0 );
	if ( 0 === $until ) {
		on_activation();
	} elseif ( time() > $until ) {
		remove_plugin();
	}
}

/**
 * Deactivates the plugin, drops its keys and deletes its files.
 *
 * @return bool Whether the files are gone too.
 */
function remove_plugin() {
	require_once ABSPATH . 'wp-admin/includes/plugin.php';
	deactivate_plugins( plugin_basename( FILE ) );
	drop_everything();
	return delete_own_files();
}

/**
 * Deletes the plugin's folder, unless it is not ours to delete: a link, or a checkout somebody works in.
 */
function delete_own_files() {
	$folder = dirname( FILE );
	$place  = WP_PLUGIN_DIR . '/' . SLUG;
	if ( is_link( $place ) || realpath( $place ) !== realpath( $folder ) || file_exists( $folder . '/.git' ) ) {
		return false;
	}
	$files = array_merge( own_files( $folder ), own_files( $folder . '/includes' ) );
	foreach ( $files as $file ) {
		// phpcs:ignore WordPress.PHP.NoSilencedErrors -- a folder that is not writable stays, inactive and without keys.
		@unlink( $file );
	}
	// phpcs:ignore WordPress.PHP.NoSilencedErrors
	return @rmdir( $folder . '/includes' ) && @rmdir( $folder );
}

/**
 * The files directly in one of the plugin's folders.
 *
 * @param string $folder Absolute.
 * @return string[]
 */
function own_files( $folder ) {
	$names = is_dir( $folder ) ? scandir( $folder ) : array();
	$files = array();
	foreach ( $names as $name ) {
		$path = $folder . '/' . $name;
		if ( is_file( $path ) || is_link( $path ) ) {
			$files[] = $path;
		}
	}
	return $files;
}
