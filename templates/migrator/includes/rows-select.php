<?php
/**
 * The parts of the SELECTs that read a table.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

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
