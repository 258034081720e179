<?php
/**
 * The end of a transfer.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Answers "disconnect": drops the caller's key, and the whole plugin unless another client is at work.
 *
 * @param array $request Decoded body.
 * @param array $key     The key that signed the request.
 */
function disconnect( array $request, array $key ) {
	drop_key( $key['id'] );
	require_once __DIR__ . '/write/tidy.php';
	$stays = count_keys( 5 * 60 ) > 0 || is_restore_under_way();
	$files = $stays ? false : remove_plugin();
	start_stream();
	send_frame(
		'I',
		array(),
		wp_json_encode(
			array(
				'removed' => ! $stays,
				'files'   => $files,
			)
		)
	);
	end_stream( true );
}
