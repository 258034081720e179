<?php
/**
 * A link that logs in once, whatever the site's own code does with visitors: a front page of its own, a maintenance page, a log-in
 * page that is moved, a plugin that ends the request or breaks. WordPress is loaded, and its own functions make the session: as soon
 * as all plugins are there, or, when one of them has ended the request before, at its very end.
 */

/** Seconds: a link that nobody used may lie about in a terminal, a log or a chat. */
const WPCLONE_LOGIN_LINK_LIFE = 3600;

function wpclone_is_login_link() {
	return isset( $_GET['wpclone-login'] ) && 'GET' === $_SERVER['REQUEST_METHOD'];
}

/** Prepares to run WordPress for a good link; answers a bad one. */
function wpclone_follow_login_link( $www, array $settings ) {
	$user = wpclone_use_login_token( dirname( $www ), $_GET['wpclone-login'] );
	if ( null === $user ) {
		wpclone_answer_page( 403, 'This link lets nobody in', 'It was used before, is older than an hour or is not valid. Get a new one with wpclone open.' );
	}
	define( 'WPCLONE_LOGS_IN', $user );
	// Holds back what the site's code prints, to the end.
	ob_start();
	register_shutdown_function( 'wpclone_log_in' );
	$core = isset( $settings['corePath'] ) ? $settings['corePath'] : '';
	return wpclone_run( $www, $core . '/wp-load.php', '' );
}

/**
 * Takes a log-in link's token out of use. Of several requests with the same one only one gets an answer: unlink is atomic.
 *
 * @return string|null The number of the user whom it logs in, '' for the clone's own administrator; null when it lets nobody in.
 */
function wpclone_use_login_token( $instance, $token ) {
	if ( ! is_string( $token ) || 1 !== preg_match( '/^[A-Za-z0-9_-]{43}$/D', $token ) ) {
		return null;
	}
	$file = $instance . '/run/logins/' . hash( 'sha256', $token );
	$made = @filemtime( $file );
	$user = (string) @file_get_contents( $file );
	return false !== $made && @unlink( $file ) && time() - $made < WPCLONE_LOGIN_LINK_LIFE ? $user : null;
}

/** Makes the session and leads to the administration, once; does nothing when WordPress has not come far enough. */
function wpclone_log_in() {
	static $done = false;
	if ( $done || ! defined( 'WPCLONE_LOGS_IN' ) || ! class_exists( 'WP_User' ) || empty( $GLOBALS['wpdb'] ) || headers_sent() ) {
		return;
	}
	$done = true;
	while ( ob_get_level() > 0 && @ob_end_clean() ) {
		continue;
	}
	wpclone_complete_wordpress();
	$own  = wpclone_settings( getenv( 'WPCLONE_INSTANCE' ) )['adminUsername'];
	$user = '' === WPCLONE_LOGS_IN ? get_user_by( 'login', $own ) : get_user_by( 'id', (int) WPCLONE_LOGS_IN );
	if ( ! $user ) {
		wpclone_answer_page( 403, 'Nobody to log in', 'The administrator of this clone was deleted. Bring it back with wpclone reset.' );
	}
	wp_set_auth_cookie( $user->ID, true );
	foreach ( array( 'Retry-After', 'WWW-Authenticate', 'Content-Length', 'Content-Encoding' ) as $name ) {
		header_remove( $name );
	}
	header( 'Cache-Control: no-store, private' );
	header( 'Referrer-Policy: no-referrer' );
	// Not admin_url(): where a plugin gives the administration another name, the source's web server has a rule for it that is not here.
	header( 'Location: ' . get_option( 'siteurl' ) . '/wp-admin/', true, 302 );
	exit;
}

/** What WordPress itself would have loaded next, where a plugin ended the request before. */
function wpclone_complete_wordpress() {
	if ( ! function_exists( 'wp_set_auth_cookie' ) ) {
		require_once ABSPATH . WPINC . '/pluggable.php';
	}
	if ( ! defined( 'LOGGED_IN_COOKIE' ) || ! defined( 'COOKIEPATH' ) ) {
		wp_cookie_constants();
	}
	if ( ! defined( 'FORCE_SSL_ADMIN' ) ) {
		wp_ssl_constants();
	}
}
