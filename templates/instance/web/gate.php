<?php
/** Who may pass at all: nobody before the clone is made, nobody after its end, no search engine ever. */

/** Answers and ends the request unless the clone is there and its time is not over. */
function wpclone_pass_gate( $instance ) {
	header_remove( 'X-Powered-By' );
	header( 'X-Robots-Tag: noindex, nofollow, noarchive' );
	header( 'X-Wpclone-Instance: ' . basename( $instance ) );

	// PHP's own server logs only what it sends itself. Without the query: it may hold a log-in token.
	if ( 'cli-server' === PHP_SAPI ) {
		register_shutdown_function(
			function () {
				$path = preg_replace( '~[?#].*$~s', '', $_SERVER['REQUEST_URI'] );
				error_log( $_SERVER['REQUEST_METHOD'] . ' ' . $path . ' ' . http_response_code(), 4 );
			}
		);
	}

	$expires = @file_get_contents( $instance . '/run/expires' );
	if ( false === $expires || file_exists( $instance . '/run/frozen' ) ) {
		header( 'Retry-After: 5' );
		wpclone_answer_page( 503, 'Not there yet', 'This clone is being made or reset. Try again in a moment.' );
	}
	if ( time() >= (int) $expires ) {
		wpclone_answer_page( 410, 'This clone has ended', 'Its time was over and it is being removed. Make a new one with wpclone.' );
	}
}

/** The settings that configure wrote; also read by the must-use plugin. */
function wpclone_settings( $instance ) {
	static $settings = null;
	if ( null === $settings ) {
		$settings = json_decode( (string) file_get_contents( $instance . '/run/settings.json' ), true );
		if ( ! is_array( $settings ) ) {
			wpclone_answer_page( 503, 'Not there yet', 'This clone has no settings yet.' );
		}
	}
	return $settings;
}
