<?php
/**
 * What the plugin can be asked for. A key has one scope, and only what belongs to an operation is loaded: code that would change
 * the site has a scope of its own, and is not there while somebody reads.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** By name: the scope a key must have (null: any key will do), the file that answers, and its function, which gets request and key. */
const OPERATIONS = array(
	'info'       => array(
		'scope' => SCOPE_READ,
		'file'  => 'info.php',
		'run'   => 'answer_info',
	),
	'rows'       => array(
		'scope' => SCOPE_READ,
		'file'  => 'rows.php',
		'run'   => 'stream_rows',
	),
	'digest'     => array(
		'scope' => SCOPE_READ,
		'file'  => 'digest.php',
		'run'   => 'stream_digests',
	),
	'manifest'   => array(
		'scope' => SCOPE_READ,
		'file'  => 'manifest.php',
		'run'   => 'stream_manifest',
	),
	'files'      => array(
		'scope' => SCOPE_READ,
		'file'  => 'files.php',
		'run'   => 'stream_files',
	),
	'disconnect' => array(
		'scope' => null,
		'file'  => 'disconnect.php',
		'run'   => 'disconnect',
	),
);

/**
 * Runs the operation that a request names.
 *
 * @param array $request Decoded body.
 * @param array $key     The key that signed it.
 * @throws Refusal When there is no such operation for this key, or the operation refuses.
 */
function run_operation( array $request, array $key ) {
	$operation = isset( OPERATIONS[ $request['op'] ] ) ? OPERATIONS[ $request['op'] ] : null;
	if ( null === $operation ) {
		throw new Refusal( 'bad_request', 400, 'There is no such operation.' );
	}
	if ( null !== $operation['scope'] && $operation['scope'] !== $key['scope'] ) {
		throw new Refusal( 'wrong_scope', 403, 'The key is not good for this operation.' );
	}
	require_once __DIR__ . '/' . $operation['file'];
	call_user_func( __NAMESPACE__ . '\\' . $operation['run'], $request, $key );
}
