<?php
/**
 * Cells: values in the bytes in which the site's rows are sent, in base64 on their way, as literals in statements.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Decodes cells.
 *
 * @param array $cells Base64, or null.
 * @param int   $count How many there have to be.
 * @return array
 */
function decoded_cells( array $cells, $count ) {
	$decoded = array();
	foreach ( array_values( $cells ) as $cell ) {
		$bytes = is_string( $cell ) ? base64_decode( $cell, true ) : null;
		if ( false === $bytes || ( null === $bytes && null !== $cell ) ) {
			throw misshapen();
		}
		$decoded[] = $bytes;
	}
	if ( count( $decoded ) !== $count ) {
		throw misshapen();
	}
	return $decoded;
}

/**
 * A value as a literal.
 *
 * @param \mysqli     $db     Connection.
 * @param string|null $value  Bytes.
 * @param array       $column As from shaped_columns().
 */
function cell_literal( $db, $value, array $column ) {
	if ( null === $value ) {
		return 'NULL';
	}
	// MySQL takes JSON from text only.
	return ( 'json' === $column['type'] ? '_utf8mb4' : '' ) . quote_text( $db, $value );
}

/**
 * Cells as literals.
 *
 * @param \mysqli  $db      Connection.
 * @param array    $table   As from checked_table().
 * @param string[] $columns Columns.
 * @param array    $cells   Cells.
 */
function cell_literals( $db, array $table, array $columns, array $cells ) {
	$literals = array();
	foreach ( $columns as $at => $column ) {
		$literals[] = cell_literal( $db, $cells[ $at ], $table['columns'][ $column ] );
	}
	return $literals;
}
