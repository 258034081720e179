<?php
/**
 * Definitions of tables out of parts. A client sends no SQL: each part is looked at, and every statement is made of them here.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Types that a column may have. */
const COLUMN_TYPES = '/^(?:(?:(?:tiny|small|medium|big)?int(?:\([0-9]{1,3}\))?|(?:decimal|numeric)\([0-9]{1,2}(?:,[0-9]{1,2})?\)|(?:float|double)(?:\([0-9]{1,3},[0-9]{1,2}\))?)(?: unsigned)?(?: zerofill)?|(?:char|varchar|binary|varbinary)\([0-9]{1,5}\)|(?:tiny|medium|long)?(?:text|blob)|date|year(?:\(4\))?|(?:datetime|timestamp|time)(?:\([0-6]\))?|json|(?:enum|set)\((?:\'[\w .:\/-]*\'(?:,(?=\')|(?=\))))+\))$/D';

const KEY_KINDS = array(
	'primary'  => 'PRIMARY KEY',
	'unique'   => 'UNIQUE KEY',
	'plain'    => 'KEY',
	'fulltext' => 'FULLTEXT KEY',
);

const TABLE_ENGINES = array( 'innodb', 'myisam', 'aria' );

/** Columns, or keys, of one addition. */
const MOST_PARTS = 500;

/**
 * A list of parts.
 *
 * @param array  $of   What is to hold it.
 * @param string $name Its name.
 * @return array[]
 */
function list_of_parts( array $of, $name ) {
	$list = isset( $of[ $name ] ) ? $of[ $name ] : null;
	if ( ! is_array( $list ) || count( $list ) > MOST_PARTS || array_values( $list ) !== $list || count( array_filter( $list, 'is_array' ) ) !== count( $list ) ) {
		throw misshapen();
	}
	return $list;
}

/**
 * A name that can be one of a column, a key or a table.
 *
 * @param mixed $name As requested.
 */
function checked_name( $name ) {
	if ( ! is_string( $name ) || 1 !== preg_match( '/^[^\x00-\x1f\x7f\/\\\\.]{1,64}$/Du', $name ) || rtrim( $name ) !== $name ) {
		throw misshapen();
	}
	return $name;
}

/**
 * The clause for a collation, or, without "_" in its name, a character set.
 *
 * @param mixed $name As requested; null for none.
 */
function collation_clause( $name ) {
	if ( null === $name ) {
		return '';
	}
	if ( ! is_string( $name ) || 1 !== preg_match( '/^[a-z0-9]+(_[a-z0-9_]+)?$/D', $name ) ) {
		throw misshapen();
	}
	return false === strpos( $name, '_' ) ? " CHARACTER SET $name" : " COLLATE $name";
}

/**
 * The definition of a column.
 *
 * @param \mysqli $db     Connection, with names as text.
 * @param array   $column As requested: name, type, collation, nullable, fallback, value, stamped, counts.
 */
function column_sql( $db, array $column ) {
	$column += array_fill_keys( array( 'name', 'type', 'collation', 'value' ), null ) + array_fill_keys( array( 'nullable', 'stamped', 'counts' ), false ) + array( 'fallback' => 'none' );
	if ( ! is_string( $column['type'] ) || 1 !== preg_match( COLUMN_TYPES, $column['type'] ) ) {
		throw misshapen();
	}
	$sql  = quote_name( checked_name( $column['name'] ) ) . ' ' . $column['type'] . collation_clause( $column['collation'] );
	$sql .= true === $column['nullable'] ? ' NULL' : ' NOT NULL';
	$now  = 1 === preg_match( '/^(?:datetime|timestamp)(\([0-6]\))?$/D', $column['type'], $found ) ? 'CURRENT_TIMESTAMP' . ( isset( $found[1] ) ? $found[1] : '' ) : null;
	if ( ( null === $now && ( 'now' === $column['fallback'] || $column['stamped'] ) ) || ! in_array( $column['fallback'], array( 'none', 'null', 'now', 'value' ), true ) ) {
		throw misshapen();
	}
	if ( 'value' === $column['fallback'] ) {
		list( $value ) = decoded_cells( array( $column['value'] ), 1 );
		$sql          .= ' DEFAULT ' . ( 1 === preg_match( '/^-?[0-9]+(\.[0-9]+)?$/D', (string) $value ) ? "'$value'" : quote_text( $db, (string) $value ) );
	} elseif ( 'none' !== $column['fallback'] ) {
		$sql .= ' DEFAULT ' . ( 'now' === $column['fallback'] ? $now : 'NULL' );
	}
	return $sql . ( $column['stamped'] ? " ON UPDATE $now" : '' ) . ( true === $column['counts'] ? ' AUTO_INCREMENT' : '' );
}

/**
 * The definition of a key.
 *
 * @param array $key As requested: kind, name, parts (column, length).
 */
function key_sql( array $key ) {
	$kind  = isset( $key['kind'] ) ? (string) $key['kind'] : '';
	$parts = array();
	foreach ( list_of_parts( $key, 'parts' ) as $part ) {
		$length  = isset( $part['length'] ) ? $part['length'] : null;
		$parts[] = quote_name( checked_name( isset( $part['column'] ) ? $part['column'] : null ) ) . ( is_int( $length ) && $length > 0 ? "($length)" : '' );
	}
	if ( ! isset( KEY_KINDS[ $kind ] ) || array() === $parts ) {
		throw misshapen();
	}
	$name = 'primary' === $kind ? '' : ' ' . quote_name( checked_name( isset( $key['name'] ) ? $key['name'] : null ) );
	return KEY_KINDS[ $kind ] . $name . ' (' . implode( ', ', $parts ) . ')';
}

/**
 * What a column's rows have that were there before it was added, as a literal: what makes them others was put there since. Null where that
 * is not known.
 *
 * @param \mysqli $db     Connection, with names as text.
 * @param array   $column As requested, checked.
 */
function filled_literal( $db, array $column ) {
	$fallback = isset( $column['fallback'] ) ? $column['fallback'] : 'none';
	if ( 'value' === $fallback ) {
		list( $value ) = decoded_cells( array( $column['value'] ), 1 );
		return quote_text( $db, (string) $value );
	}
	if ( 'null' === $fallback || ( 'none' === $fallback && ! empty( $column['nullable'] ) ) ) {
		return 'NULL';
	}
	if ( 'now' === $fallback ) {
		return null;
	}
	$type = $column['type'];
	if ( 1 === preg_match( '/^(?:date|time)/', $type ) ) {
		return 0 === strpos( $type, 'time' ) && 0 !== strpos( $type, 'timestamp' ) ? "'00:00:00'" : ( 'date' === $type ? "'0000-00-00'" : "'0000-00-00 00:00:00'" );
	}
	if ( 1 === preg_match( "/^enum\('([^']*)'/", $type, $found ) ) {
		return quote_text( $db, $found[1] );
	}
	return 1 === preg_match( '/(?:int|decimal|numeric|float|double|year)/', $type ) ? '0' : "''";
}
