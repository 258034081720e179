<?php
/**
 * The beginning of a restore: what the host lets us do is tried out, what shall be changed is compared with what there is, and the
 * restore's own tables are made. Nothing of the site is touched.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/probes.php';
require_once __DIR__ . '/shape.php';
require_once __DIR__ . '/tables.php';
require_once __DIR__ . '/additions.php';
require_once __DIR__ . '/files.php';
require_once __DIR__ . '/active-plugins.php';
require_once __DIR__ . '/status.php';
require_once __DIR__ . '/staged.php';

/**
 * Answers "begin". What an earlier beginning of this restore left is dropped, unless it was the same one: then it is gone on with.
 *
 * @param array   $request schema, tables, recounts, files, plugins; anew: to drop it in any case.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 * @throws Refusal When the site cannot be written to, or not in this way.
 */
function begin_restore( array $request, array $restore, $db ) {
	if ( '' !== $restore['pending'] ) {
		heal( $restore );
	}
	$asked = hash( 'sha256', (string) wp_json_encode( array_diff_key( $request, array_flip( array( 'op', 'anew' ) ) ) ) );
	$kept  = empty( $request['anew'] ) ? same_stage( $db, $restore, $asked ) : null;
	if ( null !== $kept ) {
		answer_begun( $db, $kept, probe_host( $db, $restore['id'] ) + array( 'staged' => staged_so_far( $db, $restore['id'], $kept ) ) );
		return;
	}
	// One that is being applied is refused; or it is applied, and stays.
	withdraw_restore( $db, $restore, 'new' );
	drop_restore_tables( $db, $restore['id'] );
	$host  = probe_host( $db, $restore['id'] );
	$added = begin_additions( $db, $restore, $request );
	$shape = begin_shape( $db, $restore, $request, $added );

	$shape['files'] = checked_files( isset( $request['files'] ) ? $request['files'] : null, $restore );
	$shape['plugins'] = checked_plugins( isset( $request['plugins'] ) ? $request['plugins'] : null );
	// Who made the key may not be who makes the next one.
	$shape['asked'] = $asked . ' ' . $restore['user_id'];
	// Known before it is made, so that whoever comes after us can take it away.
	change_restore( $db, $restore['id'], array( 'shape' => wp_json_encode( $shape ) ), 'new' );
	try {
		create_item_tables( $db, $restore['id'] );
		drop_models( $db, $added );
		foreach ( $shape['tables'] as $number => $table ) {
			create_stage_tables( $db, $restore['id'], $number, $table['columns'] );
		}
		if ( has_files( $shape ) ) {
			create_files_place( $db, $restore['id'], $shape['files'] );
		}
	} catch ( Refusal $refusal ) {
		drop_restore_folder( array( 'shape' => wp_json_encode( $shape ) ) );
		drop_restore_tables( $db, $restore['id'] );
		throw $refusal;
	}
	change_restore( $db, $restore['id'], array( 'state' => 'begun' ), 'new' );
	answer_begun( $db, $shape, $host );
}

/**
 * Answers with what there is to know of the host.
 *
 * @param \mysqli $db    Connection.
 * @param array   $shape As from begin_shape().
 * @param array   $host  As from probe_host().
 */
function answer_begun( $db, array $shape, array $host ) {
	answer_write( $host + array( 'triggers' => triggers_on( $db, array_column( $shape['tables'], 'name' ) ) ) );
}

/**
 * The additions to tables, tried out.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @param array   $request schema.
 * @return array[] As from checked_additions().
 * @throws Refusal When one cannot be made; then nothing of them is left.
 */
function begin_additions( $db, array $restore, array $request ) {
	try {
		return checked_additions( $db, $restore['id'], $request, explode( ',', $restore['include'] ) );
	} catch ( Refusal $refusal ) {
		drop_restore_tables( $db, $restore['id'] );
		throw $refusal;
	}
}

/**
 * The shape, by the tables as they shall be.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @param array   $request tables, recounts.
 * @param array[] $added   As from checked_additions().
 * @return array As from checked_shape().
 * @throws Refusal When it does not fit; then nothing of the additions is left.
 */
function begin_shape( $db, array $restore, array $request, array $added ) {
	try {
		return checked_shape( $db, $request, explode( ',', $restore['include'] ), $added );
	} catch ( Refusal $refusal ) {
		drop_restore_tables( $db, $restore['id'] );
		throw $refusal;
	}
}
