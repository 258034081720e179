<?php
/**
 * Answers one request that writes. All of this folder is loaded for such a request only.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/../database.php';
require_once __DIR__ . '/../schema.php';
require_once __DIR__ . '/../keys-of-tables.php';
require_once __DIR__ . '/../rows-select.php';
require_once __DIR__ . '/restores.php';
require_once __DIR__ . '/signature.php';
require_once __DIR__ . '/session.php';
require_once __DIR__ . '/cells.php';

/** By name: the states in which a restore can be asked for it, the file that answers, and its function, which gets request, restore and connection. */
const WRITE_OPERATIONS = array(
	'begin'  => array(
		'states' => array( 'new', 'begun', 'sealed' ),
		'file'   => 'begin.php',
		'run'    => 'begin_restore',
	),
	'stage'  => array(
		'states' => array( 'begun' ),
		'file'   => 'stage.php',
		'run'    => 'stage_part',
	),
	'files'  => array(
		'states' => array( 'begun' ),
		'file'   => 'stage-files.php',
		'run'    => 'stage_files',
	),
	'gate'   => array(
		'states' => array( 'begun', 'sealed', 'applied', 'partly', 'undone' ),
		'file'   => 'trial.php',
		'run'    => 'try_gate',
	),
	'seal'   => array(
		'states' => array( 'begun', 'sealed' ),
		'file'   => 'seal.php',
		'run'    => 'seal_restore',
	),
	'apply'  => array(
		'states' => array( 'sealed', 'applied', 'partly' ),
		'file'   => 'apply.php',
		'run'    => 'apply_restore',
	),
	'status' => array(
		'states' => array( 'new', 'begun', 'sealed', 'applied', 'partly', 'undone', 'accepted' ),
		'file'   => 'status.php',
		'run'    => 'tell_status',
	),
	'errors' => array(
		'states' => array( 'applied', 'partly' ),
		'file'   => 'errors.php',
		'run'    => 'tell_errors',
	),
	'settle' => array(
		'states' => array( 'applied', 'partly', 'undone' ),
		'file'   => 'settle.php',
		'run'    => 'settle_site',
	),
	'undo'   => array(
		'states' => array( 'applied', 'partly', 'undone' ),
		'file'   => 'undo.php',
		'run'    => 'undo_restore',
	),
	'accept' => array(
		'states' => array( 'applied', 'partly', 'accepted' ),
		'file'   => 'end.php',
		'run'    => 'accept_restore',
	),
	'finish' => array(
		'states' => array( 'new', 'begun', 'sealed', 'undone', 'accepted' ),
		'file'   => 'end.php',
		'run'    => 'finish_restore',
	),
	'leave'  => array(
		'states' => array( 'applied', 'partly' ),
		'file'   => 'end.php',
		'run'    => 'leave_restore',
	),
);

/**
 * Answers a request that writes. Once it is known to be good, every refusal is a frame.
 *
 * @param string $envelope The field that holds the request.
 * @throws Refusal When it is not accepted, or the operation refuses.
 */
function serve_write( $envelope ) {
	list( $restore, $content ) = authenticate_write( $envelope );
	if ( (int) get_option( ACTIVE_UNTIL, 0 ) - time() < UNUSED_SECONDS - TOUCH_SECONDS ) {
		stay_active();
	}
	$request = parse_request( open_content( $content ) );
	start_stream();
	// What was begun comes to its end, whether or not somebody still listens.
	ignore_user_abort( true );
	set_time_limit( 300 );
	$operation = isset( WRITE_OPERATIONS[ $request['op'] ] ) ? WRITE_OPERATIONS[ $request['op'] ] : null;
	if ( null === $operation ) {
		throw new Refusal( 'bad_request', 400, 'There is no such operation.' );
	}
	if ( ! in_array( $restore['state'], $operation['states'], true ) ) {
		throw new Refusal( 'wrong_state', 409, 'The restore is not at that point.', array( 'state' => $restore['state'] ) );
	}
	require_once __DIR__ . '/' . $operation['file'];
	call_user_func( __NAMESPACE__ . '\\' . $operation['run'], $request, $restore, open_write_session() );
}

/**
 * Answers with one object.
 *
 * @param array $answer What to say.
 */
function answer_write( array $answer ) {
	send_frame( 'I', array(), wp_json_encode( (object) $answer, JSON_FLAGS ) );
	end_stream( true );
}
