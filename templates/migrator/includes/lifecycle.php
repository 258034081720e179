<?php
/**
 * Coming and going: the plugin switches itself off an hour after its last use, and takes its keys and files with it.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Seconds after which a gate that has no name yet was left behind. */
const HALF_GATE_SECONDS = 3;

/**
 * Starts the hour in which the plugin waits to be paired.
 */
function on_activation() {
	stay_active();
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
 * What plugins do when they are switched on (make tables, say) is done once, with the first page on which they are loaded.
 */
function welcome_new_plugins() {
	$names = json_decode( (string) get_option( NEW_PLUGINS, '' ), true );
	$names = is_array( $names ) ? array_intersect( $names, (array) get_option( 'active_plugins', array() ) ) : array();
	// A page that had begun before has not loaded them. Of several that have, one takes the list away.
	if ( array() === $names || ! delete_option( NEW_PLUGINS ) ) {
		return;
	}
	// It is the administration that switches plugins on, as a rule: what they call then has to be there.
	require_once ABSPATH . 'wp-admin/includes/plugin.php';
	foreach ( $names as $name ) {
		do_action( 'activate_' . $name, false ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own.
	}
}

/**
 * What plugins count for themselves, such as a shop the products of its categories, is counted anew with the first page on which they are loaded.
 */
function count_for_plugins() {
	$uncounted = json_decode( (string) get_option( UNCOUNTED, '' ), true );
	if ( ! is_array( $uncounted ) || ! delete_option( UNCOUNTED ) ) {
		return;
	}
	foreach ( $uncounted as $name => $terms ) {
		$taxonomy = get_taxonomy( $name );
		if ( ! $taxonomy || empty( $taxonomy->update_count_callback ) ) {
			continue;
		}
		try {
			wp_update_term_count_now( $terms, $name );
		} catch ( \Throwable $e ) {
			error_log( "wpclone migrator: terms of $name were not counted as the site counts them: " . $e->getMessage() );
		}
	}
}

/**
 * Takes away what a restore that was killed left in WordPress's folder: with the next page, although nobody may ask for that restore again.
 */
function clear_after_killed() {
	if ( is_file( ABSPATH . '.maintenance.wpclone-new' ) ) {
		require_once __DIR__ . '/gate/note.php';
		remove_half_gate( HALF_GATE_SECONDS );
	}
}

/**
 * Counts this request where a restore replaced code under it: one that had begun before the gate was closed.
 */
function count_if_overtaken() {
	if ( ! is_file( dirname( FILE ) . '/gate-note.php' ) ) {
		return;
	}
	require_once __DIR__ . '/gate/note.php';
	$note = read_gate_note( dirname( FILE ) );
	// phpcs:ignore WordPress.Security -- a number of PHP's own.
	if ( null === $note || ! isset( $_SERVER['REQUEST_TIME_FLOAT'] ) || (float) $_SERVER['REQUEST_TIME_FLOAT'] >= $note['closed'] ) {
		return;
	}
	$error  = error_get_last();
	$failed = null !== $error && 0 !== ( $error['type'] & ( E_ERROR | E_PARSE | E_COMPILE_ERROR | E_CORE_ERROR | E_RECOVERABLE_ERROR ) );
	// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	@file_put_contents( $note['folder'] . '/overtaken', $failed ? 'x' : '.', FILE_APPEND );
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
	return delete_folder( $folder );
}

/**
 * Deletes a folder of the plugin with all that is in it, through no link. What cannot be deleted stays, inactive and without keys.
 *
 * @param string $folder Absolute.
 * @return bool Whether it is gone.
 */
function delete_folder( $folder ) {
	// phpcs:disable WordPress.PHP.NoSilencedErrors -- a folder that is not writable stays.
	$names = @scandir( $folder );
	foreach ( is_array( $names ) ? array_diff( $names, array( '.', '..' ) ) : array() as $name ) {
		$path = $folder . '/' . $name;
		if ( is_dir( $path ) && ! is_link( $path ) ) {
			delete_folder( $path );
		} else {
			@unlink( $path );
		}
	}
	return @rmdir( $folder );
	// phpcs:enable
}
