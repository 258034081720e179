<?php
/**
 * Rows of a restore come in parts, into its own tables. What does not come back from there as it came does not fit the live table either.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/shape.php';
require_once __DIR__ . '/stage-files.php';

/** Rows of one INSERT. */
const STAGED_AT_ONCE = 200;

/**
 * Answers "stage". The same part may come again; then nothing is done.
 *
 * @param array   $request part, sha256, content: JSON of {items: [[n, id, title]], rows: [[batch, seq, item, from, to, [cells before], [cells after]]], files: see stage_file_list()}, texts and cells in base64.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 * @throws Refusal When it is another part than it says, or a row does not fit.
 */
function stage_part( array $request, array $restore, $db ) {
	$content = isset( $request['content'] ) && is_string( $request['content'] ) ? $request['content'] : '';
	$sha256  = isset( $request['sha256'] ) ? (string) $request['sha256'] : '';
	$number  = isset( $request['part'] ) ? (int) $request['part'] : 0;
	$part    = json_decode( $content, true, 8 );
	if ( hash( 'sha256', $content ) !== $sha256 || $number < 1 || ! is_array( $part ) || ! isset( $part['items'], $part['rows'] ) ) {
		throw misshapen();
	}
	$parts = quote_name( restore_prefix( $restore['id'] ) . 'p' );
	run_query( $db, 'START TRANSACTION' );
	// Whoever seals waits for this, or this finds it sealed: no row comes behind what was checked.
	run_query( $db, "SELECT n FROM $parts WHERE n = 0 LOCK IN SHARE MODE" );
	// By the other connection: this one's view of the parts is to begin with the next locking read.
	$now = find_restore( $restore['id'] );
	if ( null === $now || 'begun' !== $now['state'] ) {
		throw new Refusal( 'wrong_state', 409, 'The restore is not at that point.' );
	}
	$had = fetch_all( $db, "SELECT sha256 FROM $parts WHERE n = $number FOR UPDATE" );
	if ( array() === $had ) {
		run_query( $db, "INSERT INTO $parts (n, sha256) VALUES ($number, '$sha256')" );
		stage_items( $db, $restore['id'], $part['items'] );
		$shape = kept_shape( $db, $restore );
		stage_rows( $db, $restore['id'], $shape, $part['rows'] );
		stage_file_list( $db, $restore, $shape, isset( $part['files'] ) && is_array( $part['files'] ) ? $part['files'] : array() );
	} elseif ( $had[0]['sha256'] !== $sha256 ) {
		throw new Refusal( 'part_differs', 409, 'Another part of that number came before.' );
	}
	run_query( $db, 'COMMIT' );
	answer_write( array( 'had' => array() !== $had ) );
}

/**
 * Keeps items.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $items Number, id, title of each.
 */
function stage_items( $db, $id, array $items ) {
	$values = array();
	foreach ( $items as $item ) {
		list( $name, $title ) = decoded_cells( is_array( $item ) ? array_slice( $item, 1 ) : array(), 2 );
		$values[]             = '(' . (int) $item[0] . ', ' . quote_text( $db, (string) $name ) . ', ' . quote_text( $db, (string) $title ) . ')';
	}
	foreach ( array_chunk( $values, STAGED_AT_ONCE ) as $chunk ) {
		run_query( $db, 'INSERT INTO ' . quote_name( restore_prefix( $id ) . 'u' ) . ' (n, id, title) VALUES ' . implode( ', ', $chunk ) );
	}
}

/**
 * Keeps rows, batch by batch.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param array   $rows  As requested.
 */
function stage_rows( $db, $id, array $shape, array $rows ) {
	$batches = array();
	foreach ( $rows as $row ) {
		if ( ! is_array( $row ) || 7 !== count( $row ) || ! isset( $shape['batches'][ (int) $row[0] ] ) || ! is_array( $row[5] ) || ! is_array( $row[6] ) ) {
			throw misshapen();
		}
		$batches[ (int) $row[0] ][] = $row;
	}
	foreach ( $batches as $number => $of_batch ) {
		$batch = $shape['batches'][ $number ];
		$table = $shape['tables'][ $batch['table'] ];
		list( $before, $after ) = staged_columns( $batch, $table );
		foreach ( array_chunk( $of_batch, STAGED_AT_ONCE ) as $chunk ) {
			insert_staged( $db, $id, $batch, $table, $before, $after, $chunk );
		}
	}
}

/**
 * The columns of a batch before and after.
 *
 * @param array $batch As from checked_batch().
 * @param array $table As from checked_table().
 * @return array{0: string[], 1: string[]}
 */
function staged_columns( array $batch, array $table ) {
	switch ( $batch['what'] ) {
		case 'update':
			return array( array_merge( $table['key'], $batch['columns'] ), $batch['columns'] );
		case 'expect':
			return array( array_merge( $table['key'], $batch['columns'] ), array() );
		case 'create':
		case 'add':
			return array( array(), $batch['columns'] );
		default:
			return array( $batch['columns'], array() );
	}
}

/**
 * Inserts rows, and compares what comes back.
 *
 * @param \mysqli  $db     Connection.
 * @param string   $id     Restore.
 * @param array    $batch  As from checked_batch().
 * @param array    $table  As from checked_table().
 * @param string[] $before Columns.
 * @param string[] $after  Columns.
 * @param array[]  $rows   As requested.
 * @throws Refusal When a cell does not fit.
 */
function insert_staged( $db, $id, array $batch, array $table, array $before, array $after, array $rows ) {
	$sent   = array(
		'b' => array(),
		'n' => array(),
	);
	$values = $sent;
	foreach ( $rows as $row ) {
		$sequence = (int) $row[1];
		$cells    = array(
			'b' => decoded_cells( $row[5], count( $before ) ),
			'n' => decoded_cells( $row[6], count( $after ) ),
		);
		refuse_nulls( $table, $after, $cells['n'] );
		$values['b'][] = '(' . implode( ', ', array_merge( array( $sequence, (int) $row[0], (int) $row[2], max( 0, (int) $row[3] ), max( 0, (int) $row[4] ) ), cell_literals( $db, $table, $before, $cells['b'] ) ) ) . ')';
		$values['n'][] = '(' . implode( ', ', array_merge( array( $sequence ), cell_literals( $db, $table, $after, $cells['n'] ) ) ) . ')';
		foreach ( $cells as $side => $of_side ) {
			$sent[ $side ][ $sequence ] = $of_side;
		}
	}
	$ours = array(
		'b' => array( 'wpclone_seq', 'wpclone_batch', 'wpclone_item', 'wpclone_from', 'wpclone_to' ),
		'n' => array( 'wpclone_seq' ),
	);
	foreach ( array( 'b' => $before, 'n' => $after ) as $side => $columns ) {
		if ( 'n' === $side && array() === $after ) {
			continue;
		}
		$name  = quote_name( restore_prefix( $id ) . $side . $batch['table'] );
		$names = implode( ', ', array_map( __NAMESPACE__ . '\\quote_name', array_merge( $ours[ $side ], $columns ) ) );
		if ( false === mysqli_query( $db, "INSERT INTO $name ($names) VALUES " . implode( ', ', $values[ $side ] ) ) ) {
			throw does_not_fit( $table, mysqli_errno( $db ), mysqli_error( $db ) );
		}
		compare_staged( $db, $name, $table, $columns, $sent[ $side ] );
	}
}

/**
 * Reads rows back and compares them with what came.
 *
 * @param \mysqli  $db      Connection.
 * @param string   $name    Quoted table of ours.
 * @param array    $table   As from checked_table().
 * @param string[] $columns Columns.
 * @param array[]  $sent    Cells by number of the row.
 * @throws Refusal Naming the first column whose value is another.
 */
function compare_staged( $db, $name, array $table, array $columns, array $sent ) {
	if ( array() === $columns ) {
		return;
	}
	$fields = array();
	foreach ( $columns as $column ) {
		$fields[] = field_expression( $table['columns'][ $column ] );
	}
	$result = run_query( $db, 'SELECT wpclone_seq, ' . implode( ', ', $fields ) . " FROM $name WHERE wpclone_seq IN (" . implode( ', ', array_keys( $sent ) ) . ')' );
	while ( $row = mysqli_fetch_row( $result ) ) {
		$cells = $sent[ (int) array_shift( $row ) ];
		if ( $row !== $cells ) {
			$at = array_keys( array_udiff_assoc( $row, $cells, __NAMESPACE__ . '\\compare_cells' ) );
			throw does_not_fit( $table, 0, '', $columns[ $at[0] ] );
		}
	}
}

/**
 * Orders two cells; NULL is no text.
 *
 * @param string|null $one One.
 * @param string|null $two Other.
 */
function compare_cells( $one, $two ) {
	return $one === $two ? 0 : 1;
}

/**
 * Refuses NULL where the live table has none; our own tables take it everywhere.
 *
 * @param array    $table   As from checked_table().
 * @param string[] $columns Columns.
 * @param array    $cells   Cells.
 */
function refuse_nulls( array $table, array $columns, array $cells ) {
	foreach ( $columns as $at => $column ) {
		if ( null === $cells[ $at ] && ! $table['columns'][ $column ]['nullable'] ) {
			throw does_not_fit( $table, 1048, '', $column );
		}
	}
}

/**
 * A value that the live table cannot hold as it is.
 *
 * @param array  $table  As from checked_table().
 * @param int    $number The server's error; 0 when it took the value and changed it.
 * @param string $words  The server's words, which name the column.
 * @param string $column The column, when it is known.
 */
function does_not_fit( array $table, $number, $words, $column = '' ) {
	// 1114 and 1021: the disk is full; that is no matter of the value.
	if ( in_array( $number, array( 1114, 1021, 1205, 1213, 2006, 2013 ), true ) ) {
		return database_refusal( $number );
	}
	if ( '' === $column && 1 === preg_match( "/column '([^']+)'|column `(?:[^`]+`\.`)*([^`]+)`/i", $words, $found ) ) {
		$column = end( $found );
	}
	return new Refusal(
		'does_not_fit',
		409,
		'A value does not fit the live table.',
		array(
			'table'  => $table['name'],
			'column' => isset( $table['columns'][ $column ] ) ? $column : '',
			'number' => $number,
		)
	);
}
