<?php
/**
 * Which plugins are active: a list that every side changes, so that nobody's is written over another's. A restore names what it adds and
 * what it takes away, and the site does that to the list as it is.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/code-paths.php';

/**
 * What a restore is to switch on and off, checked.
 *
 * @param mixed $request item, file, active of each.
 * @return array[]
 * @throws Refusal When one is not what the name of a plugin looks like.
 */
function checked_plugins( $request ) {
	$plugins = array();
	foreach ( is_array( $request ) ? $request : array() as $each ) {
		$file = is_array( $each ) && isset( $each['file'], $each['item'], $each['active'] ) ? (string) $each['file'] : '';
		if ( 1 !== preg_match( '~^[^/]+(/[^/]+)?\.php$~D', $file ) || ! is_safe_code( $file ) ) {
			throw new Refusal( 'protected', 403, 'What belongs to wpclone itself, or is no plugin, is not switched.', array( 'class' => 'own' ) );
		}
		$plugins[] = array(
			'item'   => (int) $each['item'],
			'file'   => $file,
			'active' => true === $each['active'],
			'did'    => false,
		);
	}
	return $plugins;
}

/**
 * Switches the plugins of the chosen items, or back those that were switched.
 *
 * @param \mysqli $db    Connection of the transaction.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param bool    $undo  The direction.
 * @throws Refusal When the list is not understood, or a plugin is not there.
 */
function switch_plugins( $db, $id, array $shape, $undo ) {
	if ( empty( $shape['plugins'] ) ) {
		return;
	}
	$chosen = array_map( 'intval', array_column( fetch_all( $db, 'SELECT n FROM ' . quote_name( restore_prefix( $id ) . 'u' ) . ' WHERE chosen = 1' ), 'n' ) );
	$rows   = fetch_all( $db, 'SELECT option_value AS value FROM ' . options_table() . " WHERE option_name = 'active_plugins' FOR UPDATE" );
	$active = isset( $rows[0] ) ? listed_texts( $rows[0]['value'] ) : null;
	if ( null === $active ) {
		throw new Refusal( 'failed', 409, 'The list of active plugins is not understood.' );
	}
	$new = array();
	foreach ( $shape['plugins'] as $at => $plugin ) {
		if ( ! in_array( $plugin['item'], $chosen, true ) || ( $undo && ! $plugin['did'] ) ) {
			continue;
		}
		$on = $plugin['active'] !== $undo;
		$is = in_array( $plugin['file'], $active, true );
		if ( $on && ! is_file( WP_PLUGIN_DIR . '/' . $plugin['file'] ) ) {
			if ( $undo ) {
				continue;
			}
			throw about_file( 'plugin_missing', 'plugins:' . $plugin['file'], 'A plugin that is to be switched on is not there.' );
		}
		$shape['plugins'][ $at ]['did'] = ! $undo && $on !== $is;
		if ( $on && ! $is ) {
			$active[] = $plugin['file'];
			$new[]    = $plugin['file'];
		} elseif ( ! $on ) {
			$active = array_diff( $active, array( $plugin['file'] ) );
		}
	}
	sort( $active );
	// Ours is loaded first: one that ends every page must not keep anybody from taking that back.
	$own    = array_intersect( array( plugin_basename( FILE ) ), $active );
	$active = array_merge( $own, array_diff( $active, $own ) );
	keep_plugin_list( $db, $active, $undo ? array() : $new );
	change_restore( $db, $id, array( 'shape' => wp_json_encode( $shape ) ) );
}

/**
 * Writes the list, and which of it are new: what they do when they are switched on is done with the next page, when they are loaded.
 *
 * @param \mysqli  $db     Connection of the transaction.
 * @param string[] $active Plugins.
 * @param string[] $new    Those that are to be told.
 */
function keep_plugin_list( $db, array $active, array $new ) {
	// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions -- that is how WordPress keeps it.
	run_query( $db, 'UPDATE ' . options_table() . ' SET option_value = ' . quote_text( $db, serialize( array_values( $active ) ) ) . " WHERE option_name = 'active_plugins'" );
	run_query( $db, 'DELETE FROM ' . options_table() . " WHERE option_name = '" . NEW_PLUGINS . "'" );
	if ( array() !== $new ) {
		run_query( $db, 'INSERT INTO ' . options_table() . " (option_name, option_value, autoload) VALUES ('" . NEW_PLUGINS . "', " . quote_text( $db, wp_json_encode( $new ) ) . ", 'yes')" );
	}
}

/**
 * The texts of a serialized list of texts.
 *
 * @param string $value Value.
 * @return string[]|null Null when it is something else.
 */
function listed_texts( $value ) {
	if ( 1 !== preg_match( '/^a:(\d+):\{(.*)\}$/Ds', $value, $parts ) ) {
		return null;
	}
	$rest  = $parts[2];
	$texts = array();
	while ( '' !== $rest ) {
		if ( 1 !== preg_match( '/^i:\d+;s:(\d+):"/', $rest, $head ) ) {
			return null;
		}
		$at      = strlen( $head[0] );
		$texts[] = substr( $rest, $at, (int) $head[1] );
		if ( '";' !== substr( $rest, $at + (int) $head[1], 2 ) ) {
			return null;
		}
		$rest = (string) substr( $rest, $at + (int) $head[1] + 2 );
	}
	return count( $texts ) === (int) $parts[1] ? $texts : null;
}
