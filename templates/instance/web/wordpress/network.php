<?php
/** Nothing reaches outside: WordPress's HTTP functions only to the clone itself and to wordpress.org; no scheduled work. */

defined( 'ABSPATH' ) || exit;

/**
 * Whether WordPress's HTTP functions may ask this address: the clone itself, or wordpress.org for plugins and
 * updates; the latter not while the clone is verified, which must not wait for it.
 */
function wpclone_may_reach( $url ) {
	$own   = wp_parse_url( wpclone_instance_settings()['cloneUrl'] );
	$asked = wp_parse_url( $url );
	if ( ! is_array( $asked ) || empty( $asked['host'] ) || empty( $asked['scheme'] ) ) {
		return false;
	}
	$host = strtolower( $asked['host'] );
	$verifying = isset( $_SERVER['HTTP_X_WPCLONE_VERIFY'] );
	if ( ! $verifying && 'https' === $asked['scheme'] && empty( $asked['port'] ) && preg_match( '~^(?:[a-z0-9-]+\.)*wordpress\.org$~', $host ) ) {
		return true;
	}
	$port = function ( $parts ) {
		return isset( $parts['port'] ) ? $parts['port'] : ( 'https' === $parts['scheme'] ? 443 : 80 );
	};
	return strtolower( $own['host'] ) === $host && $port( $own ) === $port( $asked );
}

add_filter(
	'pre_http_request',
	function ( $answer, $arguments, $url ) {
		if ( false !== $answer || wpclone_may_reach( $url ) ) {
			return $answer;
		}
		return new WP_Error( 'http_request_not_executed', 'This is a clone: requests to other sites are held back.' );
	},
	PHP_INT_MAX,
	3
);

// A redirect would lead past the check above.
add_filter(
	'http_request_args',
	function ( $arguments ) {
		$arguments['redirection'] = 0;
		return $arguments;
	},
	PHP_INT_MAX
);

// The environment sends curl to a proxy that does not exist; what may be reached goes around it.
add_action(
	'http_api_curl',
	function ( $handle, $arguments, $url ) {
		if ( wpclone_may_reach( $url ) ) {
			curl_setopt( $handle, CURLOPT_PROXY, '' );
		}
	},
	PHP_INT_MAX,
	3
);

// Scheduled work stays where it is in the database but is never due, not even when wp-cron.php is asked for.
add_filter( 'pre_get_ready_cron_jobs', '__return_empty_array', PHP_INT_MAX );
add_filter( 'action_scheduler_allow_async_request_runner', '__return_false', PHP_INT_MAX );
add_filter( 'action_scheduler_queue_runner_concurrent_batches', '__return_zero', PHP_INT_MAX );
add_filter( 'automatic_updater_disabled', '__return_true', PHP_INT_MAX );
