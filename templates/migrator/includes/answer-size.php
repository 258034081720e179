<?php
/**
 * How large an answer becomes: some hosts cut what is larger, and a buffer that cannot be taken away holds all of it in memory.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Sets and tells the limit.
 *
 * @param mixed $asked Bytes the client can take at most; null only tells.
 * @return int Bytes; 0 without a limit.
 */
function limit_answer( $asked = null ) {
	static $limit = null;
	if ( null === $limit || null !== $asked ) {
		$limit = is_numeric( $asked ) ? max( 1, (int) $asked ) : 0;
		if ( is_in_letters() ) {
			$memory = memory_limit_bytes();
			$held   = 0 === $memory ? 33554432 : max( BLOCK_BYTES, (int) ( $memory / 16 ) );
			$limit  = 0 === $limit ? $held : min( $limit, $held );
		}
	}
	return $limit;
}

/**
 * The size of a block: small enough for an answer to hold one with room to spare.
 */
function block_bytes() {
	$limit = limit_answer();
	return 0 === $limit ? BLOCK_BYTES : max( 4096, min( BLOCK_BYTES, (int) ( $limit / 3 ) ) );
}

/**
 * Whether another block would make the answer larger than it may be.
 */
function answer_is_full() {
	$limit = limit_answer();
	return $limit > 0 && sent_bytes() + block_bytes() > $limit;
}

/**
 * How many bytes of the answer have been sent.
 *
 * @param int $more So many more.
 */
function sent_bytes( $more = 0 ) {
	static $sent = 0;

	$sent += $more;
	return $sent;
}
