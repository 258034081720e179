<?php
/**
 * Which key orders the reading of a table.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * The primary key, else a unique key, whose values can be compared exactly from outside.
 *
 * @param \mysqli $db      Connection.
 * @param string  $table   Table.
 * @param array[] $columns Its columns.
 * @return array{index: string, columns: string[]}|null
 */
function reading_key( $db, $table, array $columns ) {
	$usable = array();
	foreach ( $columns as $column ) {
		$usable[ $column['name'] ] = ! $column['nullable'] && null !== key_kind( $column );
	}
	$keys = array();
	foreach ( fetch_all( $db, 'SHOW INDEX FROM ' . quote_name( $table ) ) as $part ) {
		if ( 0 !== (int) $part['non_unique'] ) {
			continue;
		}
		$hidden = ( isset( $part['visible'] ) && 'NO' === $part['visible'] ) || ( isset( $part['ignored'] ) && 'YES' === $part['ignored'] );
		$good   = ! $hidden && null === $part['sub_part'] && isset( $usable[ $part['column_name'] ] ) && $usable[ $part['column_name'] ];

		$keys[ $part['key_name'] ][ (int) $part['seq_in_index'] ] = $good ? $part['column_name'] : null;
	}
	uksort(
		$keys,
		function ( $a, $b ) {
			return ( 'PRIMARY' === (string) $b ) <=> ( 'PRIMARY' === (string) $a );
		}
	);
	foreach ( $keys as $index => $parts ) {
		ksort( $parts );
		if ( ! in_array( null, $parts, true ) ) {
			return array(
				'index'   => (string) $index,
				'columns' => array_values( $parts ),
			);
		}
	}
	return null;
}

/**
 * How values of a column are written into a comparison; null for types that cannot be compared exactly (floating point, JSON, spatial).
 *
 * @param array $column As from table_columns().
 * @return string|null "number", "ordinal" (compared by its number), "text", "bytes", "moment" or "address" (compared by its text).
 */
function key_kind( array $column ) {
	$base  = preg_replace( '/[^a-z].*$/s', '', $column['type'] );
	$kinds = array(
		'number'  => array( 'tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint', 'decimal', 'numeric', 'year' ),
		'ordinal' => array( 'enum', 'set', 'bit' ),
		'text'    => array( 'char', 'varchar' ),
		'bytes'   => array( 'binary', 'varbinary' ),
		'moment'  => array( 'date', 'datetime', 'timestamp', 'time' ),
		'address' => array( 'uuid', 'inet' ),
	);
	foreach ( $kinds as $kind => $types ) {
		if ( in_array( $base, $types, true ) ) {
			return $kind;
		}
	}
	return null;
}

/**
 * A key's value as a literal that compares in the column's own order, and lets the server use the index.
 *
 * @param array  $column As from table_columns().
 * @param string $value  As it came with a row.
 * @throws Refusal When it is not a value such a column has.
 */
function key_literal( array $column, $value ) {
	switch ( key_kind( $column ) ) {
		case 'number':
		case 'ordinal':
			if ( 1 === preg_match( '/^-?[0-9]+(\.[0-9]+)?$/D', $value ) ) {
				return $value;
			}
			break;
		case 'moment':
			if ( 1 === preg_match( '/^[0-9:. -]+$/D', $value ) ) {
				return "'$value'";
			}
			break;
		case 'text':
			if ( 1 === preg_match( '/^[a-z0-9]+$/D', (string) $column['charset'] ) ) {
				return '_' . $column['charset'] . " x'" . bin2hex( $value ) . "'";
			}
			break;
		case 'bytes':
			return "x'" . bin2hex( $value ) . "'";
		case 'address':
			if ( 1 === preg_match( '/^[0-9a-f:.-]+$/D', $value ) ) {
				return "_latin1'$value'";
			}
			break;
	}
	throw new Refusal( 'bad_request', 400, 'The cursor does not fit the key.' );
}
