<?php
/**
 * How long one answer may take.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * The time that the client asked for, cut down to what the host allows.
 */
final class Budget {
	/**
	 * Seconds since the epoch.
	 *
	 * @var float
	 */
	private $until;

	/**
	 * Makes a budget.
	 *
	 * @param mixed $asked Seconds the client asks for.
	 */
	public function __construct( $asked ) {
		$seconds = is_numeric( $asked ) ? max( 1, min( 900, (float) $asked ) ) : 20;
		$allowed = (int) ini_get( 'max_execution_time' );
		// phpcs:ignore WordPress.PHP.NoSilencedErrors -- hosts forbid it; the limit then stays and is kept to.
		if ( $allowed > 0 && ! ( function_exists( 'set_time_limit' ) && @set_time_limit( (int) $seconds + 60 ) ) ) {
			$seconds = min( $seconds, max( 1, 0.7 * $allowed - self::elapsed() ) );
		}
		$this->until = microtime( true ) + $seconds;
	}

	/**
	 * Whether it is time to stop, or the answer has its size.
	 */
	public function is_spent() {
		return microtime( true ) >= $this->until || answer_is_full();
	}

	/**
	 * Seconds since PHP took the request up.
	 */
	private static function elapsed() {
		return isset( $_SERVER['REQUEST_TIME_FLOAT'] ) ? microtime( true ) - (float) $_SERVER['REQUEST_TIME_FLOAT'] : 0;
	}
}

/**
 * Bytes of memory that PHP may use; 0 when unlimited.
 */
function memory_limit_bytes() {
	return max( 0, (int) wp_convert_hr_to_bytes( ini_get( 'memory_limit' ) ) );
}
