<?php
/** Ways in for the clone's own administrator: a link that works once, and the password whatever plugins guard the log-in. */

defined( 'ABSPATH' ) || exit;

/** Seconds: a link that nobody used may lie about in a terminal, a log or a chat. */
const WPCLONE_LOGIN_LINK_LIFE = 3600;

/**
 * Takes a log-in link's token out of use, and says whether it still lets in. Of several requests with the same one only one gets
 * true: unlink is atomic.
 */
function wpclone_use_login_token( $token ) {
	if ( ! is_string( $token ) || 1 !== preg_match( '/^[A-Za-z0-9_-]{43}$/', $token ) ) {
		return false;
	}
	$file = WPCLONE_INSTANCE . '/run/logins/' . hash( 'sha256', $token );
	$made = @filemtime( $file );
	return false !== $made && @unlink( $file ) && time() - $made < WPCLONE_LOGIN_LINK_LIFE;
}

add_action(
	'init',
	function () {
		if ( ! isset( $_GET['wpclone-login'] ) || 'GET' !== $_SERVER['REQUEST_METHOD'] ) {
			return;
		}
		nocache_headers();
		header( 'Referrer-Policy: no-referrer' );
		if ( ! wpclone_use_login_token( wp_unslash( $_GET['wpclone-login'] ) ) ) {
			wp_die( 'This log-in link was used before, is older than an hour or is not valid. Get a new one with wpclone open.', 'wpclone', 403 );
		}
		$user = get_user_by( 'login', wpclone_instance_settings()['adminUsername'] );
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
