<?php
/**
 * Every request to a clone comes through this file: as the router script of PHP's own server, or as the one script that a
 * web server in front of PHP-FPM calls. WPCLONE_INSTANCE names the folder of the clone; only its www is served.
 *
 * The file is found by one of three ways: a static file is left to the web server, a script is run here, in the global
 * scope that WordPress expects, and all else is answered by WordPress's front controller.
 */

require __DIR__ . '/answers.php';
require __DIR__ . '/gate.php';
require __DIR__ . '/addresses.php';
require __DIR__ . '/output.php';
require __DIR__ . '/headers.php';
require __DIR__ . '/htaccess.php';
require __DIR__ . '/redirects.php';
require __DIR__ . '/routes.php';
require __DIR__ . '/media.php';
require __DIR__ . '/log-in.php';

wpclone_pass_gate( getenv( 'WPCLONE_INSTANCE' ) );

if ( ! wpclone_route( getenv( 'WPCLONE_INSTANCE' ) . '/www' ) ) {
	return false;
}

require __DIR__ . '/disabled-functions.php';
require __DIR__ . '/server-functions.php';
require __DIR__ . '/own-files.php';
$wpclone_settings = wpclone_settings( getenv( 'WPCLONE_INSTANCE' ) );
wpclone_stand_in_for( isset( $wpclone_settings['sapi'] ) ? $wpclone_settings['sapi'] : '' );
unset( $wpclone_settings );
wpclone_watch_output();
chdir( dirname( $_SERVER['SCRIPT_FILENAME'] ) );
require $_SERVER['SCRIPT_FILENAME'];
