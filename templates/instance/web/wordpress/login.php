<?php
/** Ways in for the clone's own administrator: a link that works once, and the password whatever plugins guard the log-in. */

defined( 'ABSPATH' ) || exit;

// A log-in link: see log-in.php beside the router. All that makes a session is there by now, and no plugin has looked at the request.
// A program at a command line (WP-CLI, a script that requires wp-load.php) comes without the router, and nobody logs in there.
if ( function_exists( 'wpclone_log_in' ) ) {
	add_action( 'plugins_loaded', 'wpclone_log_in', PHP_INT_MIN );
}

// A captcha or a second factor that needs the outside world must not lock the clone's own administrator out.
add_filter(
	'authenticate',
	function ( $user, $username, $password ) {
		if ( $user instanceof WP_User || wpclone_instance_settings()['adminUsername'] !== $username ) {
			return $user;
		}
		$own = get_user_by( 'login', $username );
		return $own && wp_check_password( $password, $own->user_pass, $own->ID ) ? $own : $user;
	},
	PHP_INT_MAX,
	3
);

// Whoever verifies the clone has to know whether a page of the administration was reached by one who may administer.
add_action(
	'admin_init',
	function () {
		if ( isset( $_SERVER['HTTP_X_WPCLONE_VERIFY'] ) && ! headers_sent() ) {
			header( 'X-Wpclone-Rights: ' . ( current_user_can( 'manage_options' ) ? 'administrator' : 'none' ) );
		}
	},
	PHP_INT_MIN
);

// The dashboard makes a draft, a row of posts, for whoever sees it first; to verify a clone is to change as little of it as can be.
add_action(
	'wp_dashboard_setup',
	function () {
		if ( isset( $_SERVER['HTTP_X_WPCLONE_VERIFY'] ) ) {
			remove_meta_box( 'dashboard_quick_press', 'dashboard', 'side' );
		}
	},
	PHP_INT_MAX
);
