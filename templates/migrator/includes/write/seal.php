<?php
/**
 * The end of staging: what is there is counted and read back, what is protected is looked for, and what has changed since the plan was made.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/shape.php';
require_once __DIR__ . '/stage.php';
require_once __DIR__ . '/protected-rows.php';
require_once __DIR__ . '/drift.php';

/**
 * Answers "seal".
 *
 * @param array   $request counts and digests: of each batch; files: the digest of their list.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 * @throws Refusal When it is not whole, protected, or too late.
 */
function seal_restore( array $request, array $restore, $db ) {
	$shape = kept_shape( $db, $restore );
	$lock  = open_write_session();
	run_query( $lock, 'START TRANSACTION' );
	run_query( $lock, 'SELECT n FROM ' . quote_name( restore_prefix( $restore['id'] ) . 'p' ) . ' WHERE n = 0 FOR UPDATE' );
	foreach ( $shape['batches'] as $number => $batch ) {
		list( $count, $digest ) = staged_digest( $db, $restore['id'], $shape, $number );
		if ( ! isset( $request['counts'][ $number ], $request['digests'][ $number ] ) || $count !== $request['counts'][ $number ] || $digest !== $request['digests'][ $number ] ) {
			throw new Refusal( 'not_whole', 409, 'What is staged is not what was sent.', array( 'table' => $shape['tables'][ $batch['table'] ]['name'] ) );
		}
	}
	if ( has_files( $shape ) && ( ! isset( $request['files'] ) || files_digest( $db, $restore['id'], $shape ) !== $request['files'] ) ) {
		throw new Refusal( 'not_whole', 409, 'The files that are staged are not what was sent.' );
	}
	refuse_protected_rows( $db, $restore['id'], $shape, explode( ',', $restore['include'] ) );
	refuse_drift( $db, $restore['id'], $shape );
	change_unmoved_restore( $db, $restore, array( 'state' => 'sealed' ) );
	run_query( $lock, 'ROLLBACK' );
	answer_write( array( 'sealed' => true ) );
}

/**
 * Number of rows of a batch, and the digest of their cells: each with its length before it, "-" for NULL, row by row in their order.
 *
 * @param \mysqli $db     Connection.
 * @param string  $id     Restore.
 * @param array   $shape  As from kept_shape().
 * @param int     $number Of the batch.
 * @return array{0: int, 1: string}
 */
function staged_digest( $db, $id, array $shape, $number ) {
	$batch  = $shape['batches'][ $number ];
	$table  = $shape['tables'][ $batch['table'] ];
	$fields = array( 'b.wpclone_seq', 'b.wpclone_item', 'b.wpclone_from', 'b.wpclone_to' );
	list( $before, $after ) = staged_columns( $batch, $table );
	foreach ( array( 'b' => $before, 'n' => $after ) as $side => $columns ) {
		foreach ( $columns as $column ) {
			$fields[] = str_replace( quote_name( $column ), $side . '.' . quote_name( $column ), field_expression( $table['columns'][ $column ] ) );
		}
	}
	$prefix = restore_prefix( $id );
	$from   = quote_name( $prefix . 'b' . $batch['table'] ) . ' b LEFT JOIN ' . quote_name( $prefix . 'n' . $batch['table'] ) . ' n ON n.wpclone_seq = b.wpclone_seq';
	$result = run_query( $db, 'SELECT ' . implode( ', ', $fields ) . " FROM $from WHERE b.wpclone_batch = " . (int) $number . ' ORDER BY b.wpclone_seq', MYSQLI_USE_RESULT );
	$hash   = hash_init( 'sha256' );
	$count  = 0;
	while ( $row = mysqli_fetch_row( $result ) ) {
		++$count;
		$text = '';
		foreach ( $row as $cell ) {
			$text .= null === $cell ? '-' : strlen( $cell ) . ':' . $cell;
		}
		hash_update( $hash, $text );
	}
	mysqli_free_result( $result );
	return array( $count, hash_final( $hash ) );
}
