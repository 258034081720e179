<?php
/**
 * The SELECTs that read a table. Nothing of a request gets into them but names that the table has and checked literals.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Prepares the reading of a table.
 *
 * @param \mysqli $db     Connection.
 * @param array   $table  Name, columns, key, after: as requested.
 * @param int     $number Its number in the request.
 * @param bool    $gzip   Whether to deflate blocks.
 * @param array   $row    Of information_schema, as from own_tables().
 * @return array number, gzip, table (quoted), locks, bytes, columns, fields (expressions), nullable, giant (condition or null), giants (column numbers), key, places, after, guard.
 * @throws Refusal When the request does not fit the table.
 */
function prepare_reader( $db, array $table, $number, $gzip, array $row ) {
	$name = (string) $table['name'];
	$all  = table_columns( $db, $name );
	$all  = isset( $all[ $name ] ) ? array_column( $all[ $name ], null, 'name' ) : array();

	$columns = array();
	foreach ( isset( $table['columns'] ) && is_array( $table['columns'] ) ? $table['columns'] : array() as $column ) {
		if ( ! is_string( $column ) || ! isset( $all[ $column ] ) ) {
			throw new Refusal( 'table_changed', 409, 'The table has no such column any more.' );
		}
		$columns[] = $all[ $column ];
	}
	if ( array() === $columns ) {
		throw new Refusal( 'bad_request', 400, 'No columns were asked for.' );
	}
	$reader = array(
		'number'   => $number,
		'gzip'     => $gzip,
		'table'    => quote_name( $name ),
		// Others than InnoDB let nobody write to a table until the last row of a SELECT has been fetched.
		'locks'    => 'InnoDB' !== $row['engine'],
		'bytes'    => (int) $row['bytes'],
		'columns'  => $columns,
		'nullable' => in_array( true, array_column( $columns, 'nullable' ), true ),
		'guard'    => own_rows_guard( $name ),
	);
	return add_key( $db, $name, $all, $table, add_fields( $db, $reader ) );
}

/**
 * Adds the field expressions, and the condition for a row too large to be fetched at once.
 *
 * @param \mysqli $db     Connection.
 * @param array   $reader So far.
 */
function add_fields( $db, array $reader ) {
	$lengths = array();
	$giants  = array();
	foreach ( $reader['columns'] as $at => $column ) {
		if ( 1 === preg_match( '/^(mediumtext|longtext|mediumblob|longblob|json)/', $column['type'] ) ) {
			$lengths[] = ( $column['nullable'] ? 'COALESCE(LENGTH(' . quote_name( $column['name'] ) . '),0)' : 'LENGTH(' . quote_name( $column['name'] ) . ')' );
			$giants[]  = $at;
		}
	}
	$giant  = array() === $giants ? null : '(' . implode( '+', $lengths ) . ') > ' . giant_bytes( $db );
	$fields = array();
	foreach ( $reader['columns'] as $at => $column ) {
		$field    = field_expression( $column );
		$fields[] = in_array( $at, $giants, true ) ? "IF($giant, NULL, $field)" : $field;
	}
	return array(
		'fields' => $fields,
		'giant'  => $giant,
		'giants' => $giants,
	) + $reader;
}

/**
 * How a column is read so that loading what comes gives the very same value.
 *
 * @param array $column As from table_columns().
 */
function field_expression( array $column ) {
	$name = quote_name( $column['name'] );
	if ( 1 === preg_match( '/^bit\((\d+)\)/', $column['type'], $bits ) ) {
		// PHP turns BIT into a number; LOAD DATA takes the bytes.
		return "UNHEX(LPAD(HEX($name), " . ( 2 * (int) ceil( $bits[1] / 8 ) ) . ", '0'))";
	}
	if ( 1 === preg_match( '/^float( unsigned)?$/', $column['type'] ) ) {
		// The server prints a FLOAT with six digits; as a DOUBLE it is printed exactly.
		return "($name+0e0)";
	}
	return $name;
}

/**
 * Adds the key: its columns, where their values stand in a row, and the cursor to begin after.
 *
 * @param \mysqli $db     Connection.
 * @param string  $name   Table.
 * @param array[] $all    All columns by name.
 * @param array   $table  As requested.
 * @param array   $reader So far.
 * @throws Refusal When key or cursor do not fit.
 */
function add_key( $db, $name, array $all, array $table, array $reader ) {
	$reader += array(
		'key'    => null,
		'after'  => null,
		'index'  => '',
		'places' => array(),
	);
	if ( ! isset( $table['key'] ) ) {
		return $reader;
	}
	$key = reading_key( $db, $name, array_values( $all ) );
	if ( null === $key || $key['columns'] !== $table['key'] ) {
		throw new Refusal( 'table_changed', 409, 'The table has another key now.' );
	}
	$names         = array_column( $reader['columns'], 'name' );
	$reader['key'] = array();
	foreach ( $key['columns'] as $column ) {
		$reader['key'][] = $all[ $column ];
		$at              = array_search( $column, $names, true );
		if ( 'ordinal' === key_kind( $all[ $column ] ) || false === $at ) {
			$at                 = count( $reader['fields'] );
			$reader['fields'][] = quote_name( $column ) . ( 'ordinal' === key_kind( $all[ $column ] ) ? '+0' : '' );
		}
		$reader['places'][] = $at;
	}
	if ( 'PRIMARY' !== $key['index'] ) {
		$reader['index'] = ' FORCE INDEX (' . quote_name( $key['index'] ) . ')';
	}
	if ( isset( $table['after'] ) ) {
		$reader['after'] = decode_cursor( $table['after'], count( $reader['key'] ) );
	}
	return $reader;
}

/**
 * Decodes a cursor.
 *
 * @param mixed $after Base64 of each value.
 * @param int   $count How many there must be.
 * @throws Refusal When it is not that.
 */
function decode_cursor( $after, $count ) {
	$values = is_array( $after ) ? array_map(
		function ( $value ) {
			return is_string( $value ) ? base64_decode( $value, true ) : false;
		},
		array_values( $after )
	) : array();
	if ( count( $values ) !== $count || in_array( false, $values, true ) ) {
		throw new Refusal( 'bad_request', 400, 'The cursor does not fit the key.' );
	}
	return $values;
}

/**
 * The SELECT for the rows after a cursor. A last field tells giant rows.
 *
 * @param array         $reader See prepare_reader().
 * @param string[]|null $cursor Key values.
 * @param int           $limit  Rows.
 */
function select_by_key( array $reader, $cursor, $limit ) {
	$order = implode( ', ', array_map( __NAMESPACE__ . '\\quote_name', array_column( $reader['key'], 'name' ) ) );
	$where = array_filter( array( $reader['guard'], null === $cursor ? '' : '(' . where_after( $reader['key'], $cursor ) . ')' ) );
	return select_fields( $reader ) . $reader['index'] . ( $where ? ' WHERE ' . implode( ' AND ', $where ) : '' ) . " ORDER BY $order LIMIT $limit";
}

/**
 * The SELECT for all rows of a table without a key but the giant ones.
 *
 * @param array $reader See prepare_reader().
 */
function select_ordinary( array $reader ) {
	$where = array_filter( array( $reader['guard'], null === $reader['giant'] ? '' : 'NOT (' . $reader['giant'] . ')' ) );
	return select_fields( $reader ) . ( $where ? ' WHERE ' . implode( ' AND ', $where ) : '' );
}

/**
 * SELECT ... FROM.
 *
 * @param array $reader See prepare_reader().
 */
function select_fields( array $reader ) {
	return 'SELECT ' . implode( ', ', $reader['fields'] ) . ( null === $reader['giant'] ? '' : ', ' . $reader['giant'] ) . ' FROM ' . $reader['table'];
}

/**
 * Rows that come after key values, in the form whose ranges servers find in a composite index.
 *
 * @param array[]  $key    Key columns.
 * @param string[] $values Their values.
 */
function where_after( array $key, array $values ) {
	$equal = '';
	$any   = array();
	foreach ( $key as $at => $column ) {
		$name    = quote_name( $column['name'] );
		$literal = key_literal( $column, $values[ $at ] );
		$any[]   = "($equal$name > $literal)";
		$equal  .= "$name = $literal AND ";
	}
	return implode( ' OR ', array_reverse( $any ) );
}

/**
 * Keeps the plugin's own keys and nonces out of what it reads.
 *
 * @param string $name Table.
 */
function own_rows_guard( $name ) {
	global $wpdb;
	return $name === $wpdb->options ? "option_name NOT LIKE 'wpclone\\\\_migrator\\\\_%'" : '';
}
