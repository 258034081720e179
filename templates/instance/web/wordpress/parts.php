<?php
/** The parts of the must-use plugin of a clone. */

defined( 'ABSPATH' ) || exit;

/** What configure wrote for this clone; see src/instance/settings.ts. */
function wpclone_instance_settings() {
	static $settings = null;
	if ( null === $settings ) {
		$settings = json_decode( (string) file_get_contents( WPCLONE_INSTANCE . '/run/settings.json' ), true );
		if ( ! is_array( $settings ) ) {
			wp_die( 'This clone has no settings.', 'wpclone', 503 );
		}
	}
	return $settings;
}

if ( empty( wpclone_instance_settings()['keepMail'] ) ) {
	require __DIR__ . '/mail.php';
}
require __DIR__ . '/network.php';
require __DIR__ . '/privacy.php';
require __DIR__ . '/migrator.php';
require __DIR__ . '/links.php';
require __DIR__ . '/login.php';
require __DIR__ . '/bar.php';
