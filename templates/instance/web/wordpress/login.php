<?php
/** Ways in for the clone's own administrator: a link that works once, and the password whatever plugins guard the log-in. */

defined( 'ABSPATH' ) || exit;

/** Seconds: a link that nobody used may lie about in a terminal, a log or a chat. */
const WPCLONE_LOGIN_LINK_LIFE = 3600;

/**
 * Takes a log-in link's token out of use. Of several requests with the same one only one gets an answer: unlink is atomic.
 *
 * @return string|null The number of the user whom it logs in, '' for the clone's own administrator; null when it lets nobody in.
 */
function wpclone_use_login_token( $token ) {
	if ( ! is_string( $token ) || 1 !== preg_match( '/^[A-Za-z0-9_-]{43}$/', $token ) ) {
		return null;
	}
	$file = WPCLONE_INSTANCE . '/run/logins/' . hash( 'sha256', $token );
	$made = @filemtime( $file );
	$user = (string) @file_get_contents( $file );
	return false !== $made && @unlink( $file ) && time() - $made < WPCLONE_LOGIN_LINK_LIFE ? $user : null;
}

add_action(
	'init',
	function () {
		if ( ! isset( $_GET['wpclone-login'] ) || 'GET' !== $_SERVER['REQUEST_METHOD'] ) {
			return;
		}
		nocache_headers();
		header( 'Referrer-Policy: no-referrer' );
		$who = wpclone_use_login_token( wp_unslash( $_GET['wpclone-login'] ) );
		if ( null === $who ) {
			wp_die( 'This log-in link was used before, is older than an hour or is not valid. Get a new one with wpclone open.', 'wpclone', 403 );
		}
		$user = '' === $who ? get_user_by( 'login', wpclone_instance_settings()['adminUsername'] ) : get_user_by( 'id', (int) $who );
		if ( ! $user ) {
			wp_die( 'The administrator of this clone was deleted. Bring it back with wpclone reset.', 'wpclone', 403 );
		}
		wp_set_auth_cookie( $user->ID, true );
		wp_safe_redirect( admin_url() );
		exit;
	},
	PHP_INT_MIN
);

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
