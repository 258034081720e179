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
		if ( false === $expires && isset( $_SERVER['HTTP_X_WPCLONE_COMPILE'] ) ) {
			require __DIR__ . '/compile.php';
			wpclone_answer_text( 200, (string) wpclone_compile_core( $instance . '/www' ) );
		}
		header( 'Retry-After: 5' );
		wpclone_answer_page( 503, 'Not there yet', 'This clone is being made or reset. Try again in a moment.' );
	}
	if ( time() >= (int) $expires ) {
		wpclone_answer_page( 410, 'This clone has ended', 'Its time was over and it is being removed. Make a new one with wpclone.' );
	}
	if ( ! wpclone_is_own_name( wpclone_settings( $instance )['cloneUrl'] ) ) {
		wpclone_answer_page( 421, 'Not the name of this clone', 'Its address is what wpclone open says.' );
	}
}

/**
 * Whether the request is for the clone itself. A page of somebody else's site whose name suddenly means this machine (DNS
 * rebinding) would otherwise read the clone from within its visitor's browser. Names of this machine and the address that was
 * connected to (what probes ask for) can be no such site's; which port is forwarded to the clone does not matter.
 */
function wpclone_is_own_name( $clone_url ) {
	$host = isset( $_SERVER['HTTP_HOST'] ) ? strtolower( (string) $_SERVER['HTTP_HOST'] ) : '';
	if ( 1 !== preg_match( '~^(\[[0-9a-f:.]+\]|[^\[\]:]+)(?::\d+)?$~D', $host, $parts ) ) {
		return false;
	}
	$own = array( strtolower( (string) parse_url( $clone_url, PHP_URL_HOST ) ), 'localhost', '127.0.0.1', '[::1]' );
	if ( isset( $_SERVER['SERVER_ADDR'] ) ) {
		$address = (string) $_SERVER['SERVER_ADDR'];
		$own[]   = false === strpos( $address, ':' ) ? $address : '[' . trim( $address, '[]' ) . ']';
	}
	return in_array( $parts[1], $own, true );
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
