<?php
/**
 * Which columns hold all that others hold, in the same words.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Types that hold all that those before them hold. */
const WIDER_TYPES = array(
	array( 'tinyint', 'smallint', 'mediumint', 'int', 'bigint' ),
	array( 'tinytext', 'text', 'mediumtext', 'longtext' ),
	array( 'tinyblob', 'blob', 'mediumblob', 'longblob' ),
);

/** Character sets that hold all that those before them hold, in the same bytes. */
const WIDER_CHARSETS = array( 'ascii', 'utf8mb3', 'utf8mb4' );

/**
 * Whether a column will hold all that it can hold now, in the same words.
 *
 * @param array $is    As from shaped_columns().
 * @param array $shall As requested, checked.
 */
function holds_more( array $is, array $shall ) {
	if ( ( $is['nullable'] && true !== $shall['nullable'] ) || $is['counts'] !== ! empty( $shall['counts'] ) || $is['stamped'] !== ! empty( $shall['stamped'] ) ) {
		return false;
	}
	if ( null !== $is['charset'] ) {
		$charsets = array();
		foreach ( array( $is['collation'], $shall['collation'] ) as $collation ) {
			$charset    = strtok( (string) $collation, '_' );
			$charsets[] = 'utf8' === $charset ? 'utf8mb3' : $charset;
		}
		if ( $charsets[0] !== $charsets[1] && ! comes_before( WIDER_CHARSETS, $charsets[0], $charsets[1] ) ) {
			return false;
		}
	}
	// As servers write them: the values of a list may be capitals.
	return holds_more_by_type( $is['type'], $shall['type'] );
}

/**
 * The same of types.
 *
 * @param string $from Type.
 * @param string $to   Type.
 */
function holds_more_by_type( $from, $to ) {
	if ( $from === $to ) {
		return true;
	}
	$parts = '/^(\w+)(?:\((.*)\))?( unsigned)?( zerofill)?$/s';
	if ( 1 !== preg_match( $parts, $from, $one ) || 1 !== preg_match( $parts, $to, $other ) || ! empty( $one[4] ) || ! empty( $other[4] ) ) {
		return false;
	}
	list( $one, $other ) = array( $one + array( '', '', '', '' ), $other + array( '', '', '', '' ) );
	list( $a, $b )       = array( $one[1], $other[1] );
	$size                = array_map( 'intval', explode( ',', $one[2] . ',0' ) );
	$now                 = array_map( 'intval', explode( ',', $other[2] . ',0' ) );
	if ( in_array( $a, WIDER_TYPES[0], true ) && in_array( $b, WIDER_TYPES[0], true ) ) {
		return $one[3] === $other[3] ? $a === $b || comes_before( WIDER_TYPES[0], $a, $b ) : '' === $other[3] && comes_before( WIDER_TYPES[0], $a, $b );
	}
	if ( 'decimal' === $a && 'decimal' === $b ) {
		return $size[1] === $now[1] && $now[0] >= $size[0] && ( $one[3] === $other[3] || '' === $other[3] );
	}
	if ( in_array( $a, array( 'enum', 'set' ), true ) && $a === $b ) {
		list( $values, $more ) = array( explode( ',', $one[2] ), explode( ',', $other[2] ) );
		// A set is written in the order of its list.
		return 'set' === $a ? array_values( array_intersect( $more, $values ) ) === $values : array() === array_diff( $values, $more );
	}
	if ( comes_before( WIDER_TYPES[1], $a, $b ) || comes_before( WIDER_TYPES[2], $a, $b ) ) {
		return true;
	}
	if ( 'varchar' === $a && in_array( $b, array( 'text', 'mediumtext', 'longtext' ), true ) ) {
		return 'text' !== $b || $size[0] <= 16383;
	}
	return ( ( $a === $b && in_array( $a, array( 'char', 'varchar', 'varbinary' ), true ) ) || ( 'char' === $a && 'varchar' === $b ) ) && $now[0] >= $size[0];
}

/**
 * Whether one name comes before another in a list.
 *
 * @param string[] $order List.
 * @param string   $one   Name.
 * @param string   $other Name.
 */
function comes_before( array $order, $one, $other ) {
	$places = array( array_search( $one, $order, true ), array_search( $other, $order, true ) );
	return false !== $places[0] && false !== $places[1] && $places[0] < $places[1];
}
