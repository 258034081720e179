<?php
/** The source had our plugin active while it was copied; its files are not, and the clone must not complain about that. */

defined( 'ABSPATH' ) || exit;

// Saved by whoever switches a plugin on or off next, which is what is wanted: no clone is a source by itself.
add_filter(
	'option_active_plugins',
	function ( $plugins ) {
		// Unless somebody has put it there: a restore is tried out on a clone.
		if ( file_exists( WP_PLUGIN_DIR . '/wpclone-migrator/wpclone-migrator.php' ) ) {
			return $plugins;
		}
		return is_array( $plugins ) ? array_values( array_diff( $plugins, array( 'wpclone-migrator/wpclone-migrator.php' ) ) ) : $plugins;
	}
);
