<?php
/**
 * The shape of what is to be written, without any row: which columns of which tables, in which way. It is compared with what the site
 * has, and every statement is later made from it and from nothing else.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/tables.php';
require_once __DIR__ . '/protected.php';

/** What a batch of rows does, by kind of table. */
const BATCH_KINDS = array(
	'keyed'     => array( 'update', 'create', 'destroy', 'expect' ),
	'meta'      => array( 'update', 'create', 'destroy', 'owned' ),
	'relations' => array( 'update', 'add', 'remove' ),
	'counted'   => array( 'count' ),
);

const MOST_BATCHES = 2000;

/**
 * Checks the shape that a client asks for.
 *
 * @param \mysqli  $db      Connection.
 * @param array    $request tables, recounts.
 * @param string[] $include Protected classes that may be written.
 * @param array[]  $added   As from checked_additions().
 * @return array{tables: array[], batches: array[], recounts: array, additions: array[]}
 * @throws Refusal When something in it cannot or must not be written.
 */
function checked_shape( $db, array $request, array $include, array $added = array() ) {
	$own   = own_tables( $db );
	$added = array_column( $added, null, 'table' );
	// A second site may share our users, and have no table of users of its own to be told by.
	$others = all_prefixes( array_keys( $own['tables'] ), $GLOBALS['wpdb']->base_prefix );
	$shape = array(
		'tables'   => array(),
		'batches'  => array(),
		'recounts' => checked_recounts( isset( $request['recounts'] ) ? $request['recounts'] : array() ),
		'additions' => array_values( $added ),
	);
	foreach ( isset( $request['tables'] ) && is_array( $request['tables'] ) ? $request['tables'] : array() as $asked ) {
		$name = is_array( $asked ) && isset( $asked['name'] ) && is_string( $asked['name'] ) ? $asked['name'] : '';
		$addition = isset( $added[ $name ] ) ? $added[ $name ] : null;
		if ( null !== $addition && 'make' === $addition['kind'] ) {
			$own['tables'][ $name ] = table_row( $db, $addition['model'], $name );
		}
		if ( ! isset( $own['tables'][ $name ] ) || 'BASE TABLE' !== $own['tables'][ $name ]['type'] || is_own_table( $name ) || starts_with_any( $name, $others ) ) {
			throw new Refusal( 'not_ours', 403, 'Only tables of this site are written.' );
		}
		refuse_protected_table( $name, $include );
		$shape['tables'][] = checked_table( $db, $asked, $own['tables'][ $name ], $addition );
		foreach ( isset( $asked['batches'] ) && is_array( $asked['batches'] ) ? $asked['batches'] : array() as $batch ) {
			$shape['batches'][] = checked_batch( $batch, count( $shape['tables'] ) - 1, end( $shape['tables'] ) );
		}
	}
	$names = array_column( $shape['tables'], 'name' );
	if ( count( array_unique( $names ) ) !== count( $names ) || count( $shape['batches'] ) > MOST_BATCHES ) {
		throw misshapen();
	}
	return $shape;
}

/**
 * One table of it, with all that statements need to know of it.
 *
 * @param \mysqli $db    Connection.
 * @param array   $asked As requested.
 * @param array   $row   Of information_schema.
 * @param array|null $addition What it gets, as from checked_additions().
 */
function checked_table( $db, array $asked, array $row, $addition = null ) {
	$model   = null === $addition ? $row['name'] : $addition['model'];
	$columns = shaped_columns( $db, $model );
	$kind    = isset( $asked['kind'] ) && isset( BATCH_KINDS[ (string) $asked['kind'] ] ) ? $asked['kind'] : '';
	$key     = 'counted' === $kind ? array() : checked_columns( isset( $asked['key'] ) ? $asked['key'] : null, $columns );
	$unique  = array();
	foreach ( unique_keys( $db, $model ) as $parts ) {
		$unique[] = $parts;
	}
	$quoted = array_map( __NAMESPACE__ . '\\quote_name', $key );
	if ( '' === $kind || ( array() !== $key && ! in_array( $quoted, $unique, true ) ) ) {
		throw misshapen();
	}
	$counts = array_keys( array_filter( array_column( $columns, 'counts', 'name' ) ) );
	return array(
		'name'    => $row['name'],
		'kind'    => $kind,
		'key'     => $key,
		'owner'   => 'meta' === $kind ? checked_columns( isset( $asked['owner'] ) ? $asked['owner'] : null, $columns ) : array(),
		'counter' => isset( $counts[0] ) ? (string) $counts[0] : '',
		'plain'   => ! keeps_transactions( $db, (string) $row['engine'] ),
		'unique'  => $unique,
		'columns' => $columns,
		'added'   => null === $addition ? array() : array_map( 'strval', array_keys( $addition['columns'] ) ),
		'wider'   => null === $addition ? array() : $addition['widening']['columns'],
		'made'    => null !== $addition && 'make' === $addition['kind'] ? $model : '',
	);
}

/**
 * What information_schema says of a table that there will be.
 *
 * @param \mysqli $db    Connection.
 * @param string  $model Its model.
 * @param string  $name  Its name.
 */
function table_row( $db, $model, $name ) {
	$rows = fetch_all( $db, 'SELECT TABLE_TYPE AS type, ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ' . quote_text( $db, $model ) );
	return array( 'name' => $name ) + $rows[0];
}

/**
 * One batch: rows that are written by the same statement.
 *
 * @param mixed $batch As requested.
 * @param int   $at    Number of its table.
 * @param array $table As from checked_table().
 */
function checked_batch( $batch, $at, array $table ) {
	$what    = is_array( $batch ) && isset( $batch['what'] ) ? (string) $batch['what'] : '';
	$columns = checked_columns( isset( $batch['columns'] ) ? $batch['columns'] : null, $table['columns'], 'expect' === $what );
	$whole   = in_array( $what, array( 'destroy', 'count', 'add', 'remove' ), true );
	// A key is never changed; what is deleted is compared in whole, or a change of any other column would go with it unseen.
	$wrong = ( 'update' === $what || 'expect' === $what ) && array() !== array_intersect( $columns, $table['key'] )
		|| $whole && array() !== array_diff( array_keys( $table['columns'] ), $columns )
		|| 'owned' === $what && $columns !== $table['owner'];
	if ( $wrong || ! in_array( $what, BATCH_KINDS[ $table['kind'] ], true ) ) {
		throw misshapen();
	}
	return array(
		'table'   => $at,
		'what'    => $what,
		'columns' => $columns,
	);
}

/**
 * Columns that a table has, each once.
 *
 * @param mixed   $names   As requested.
 * @param array[] $columns Of the table.
 * @param bool    $none    Whether there may be none.
 * @return string[]
 */
function checked_columns( $names, array $columns, $none = false ) {
	if ( ! is_array( $names ) || ( array() === $names && ! $none ) || array_values( $names ) !== $names ) {
		throw misshapen();
	}
	foreach ( $names as $name ) {
		if ( ! is_string( $name ) || ! isset( $columns[ $name ] ) ) {
			throw new Refusal( 'table_changed', 409, 'The table has no such column (any more).' );
		}
		if ( 1 === preg_match( INCOMPARABLE, $columns[ $name ]['type'] ) ) {
			throw new Refusal( 'column_type', 409, 'A column holds values that cannot be compared.' );
		}
	}
	if ( count( array_unique( $names ) ) !== count( $names ) ) {
		throw misshapen();
	}
	return $names;
}

/**
 * What is to be counted anew afterwards.
 *
 * @param mixed $recounts As requested.
 * @return array{terms: int[], comments: int[], statuses: int[], rendered: int[], rewriteRules: bool}
 */
function checked_recounts( $recounts ) {
	$numbers = function ( $name ) use ( $recounts ) {
		return is_array( $recounts ) && isset( $recounts[ $name ] ) && is_array( $recounts[ $name ] ) ? array_values( array_map( 'intval', $recounts[ $name ] ) ) : array();
	};
	return array(
		'terms'        => $numbers( 'terms' ),
		'comments'     => $numbers( 'comments' ),
		'statuses'     => $numbers( 'statuses' ),
		'rendered'     => $numbers( 'rendered' ),
		'rewriteRules' => is_array( $recounts ) && ! empty( $recounts['rewriteRules'] ),
	);
}

/**
 * What does not fit together.
 */
function misshapen() {
	return new Refusal( 'bad_request', 400, 'The changes do not fit the tables.' );
}

/**
 * The shape of a restore, when its tables are still as they were when it was begun.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @return array As from checked_shape().
 * @throws Refusal When one was altered.
 */
function kept_shape( $db, array $restore ) {
	$shape = json_decode( $restore['shape'], true );
	foreach ( is_array( $shape ) ? $shape['tables'] : array() as $at => $table ) {
		$now   = shaped_columns( $db, $table['name'] );
		$added = isset( $table['added'] ) ? $table['added'] : array();
		// What it is to get it has not got yet, or no more.
		$lacks  = array_values( array_diff( $added, array_map( 'strval', array_keys( $now ) ) ) );
		$absent = ! empty( $table['made'] ) && array() === $now;
		$should = $absent ? array() : array_diff_key( $table['columns'], array_flip( $lacks ) );
		foreach ( isset( $table['wider'] ) ? $table['wider'] : array() as $name => $before ) {
			// It has its room, or not yet, or no more.
			$should[ $name ] = isset( $now[ $name ] ) && $now[ $name ] === $before ? $before : $should[ $name ];
		}
		// A column that is added comes last.
		ksort( $now );
		ksort( $should );
		if ( $now !== $should ) {
			throw new Refusal( 'table_changed', 409, 'A table has other columns than when the restore was begun.', array( 'table' => $table['name'] ) );
		}
		$shape['tables'][ $at ] = array(
			'lacks'  => $absent ? array() : $lacks,
			'absent' => $absent,
		) + $table;
	}
	return $shape;
}
