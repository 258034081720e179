<?php
/** The log-in page is at /member-entrance/ and nowhere else, as "hide my log-in" plugins do it. */
$paper_path = rtrim( (string) parse_url( $_SERVER['REQUEST_URI'] ?? '', PHP_URL_PATH ), '/' );

function paper_moved( $url ) {
	return str_replace( 'wp-login.php', 'member-entrance/', $url );
}
foreach ( array( 'site_url', 'network_site_url', 'wp_redirect', 'login_url' ) as $paper_filter ) {
	add_filter( $paper_filter, 'paper_moved', 100 );
}
if ( 'wp-login.php' === basename( $paper_path ) ) {
	status_header( 404 );
	exit( '<h1>Not found</h1>' );
}
add_action(
	'init',
	function () use ( $paper_path ) {
		if ( is_admin() && ! is_user_logged_in() && ! wp_doing_ajax() ) {
			status_header( 404 );
			exit( '<h1>Not found</h1>' );
		}
	}
);
if ( 'member-entrance' === basename( $paper_path ) ) {
	add_action(
		'wp_loaded',
		function () {
			global $error, $interim_login, $action, $user_login, $pagenow;
			$pagenow = 'wp-login.php';
			require ABSPATH . 'wp-login.php';
			exit;
		}
	);
}
