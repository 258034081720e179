<?php
/**
 * Room in columns that a table has: longer texts, larger numbers, more values of a list, NULL where there was none, a character set that
 * holds more. What rows hold stays the same, and so it is taken back where they still fit: the server itself refuses what does not.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/table-parts.php';
require_once __DIR__ . '/wider-types.php';

/** A value does not fit (1264, 1265, 1366, 1406), or there are NULLs where none may be (1048, 1138). */
const DOES_NOT_FIT_BACK = array( 1048, 1138, 1264, 1265, 1366, 1406 );

/**
 * The columns that are to hold more, as they are and as they shall be.
 *
 * @param \mysqli $db    Connection, with names as text.
 * @param array   $asked As requested: wider, collated.
 * @param string  $name  Table.
 * @return array{from: array<string, string>, to: array<string, string>, columns: array<string, array>, table: array{from: string, to: string}} Definitions; columns as they are.
 * @throws Refusal When one would hold less of anything, or is not there.
 */
function checked_widening( $db, array $asked, $name ) {
	$found = array(
		'from'    => array(),
		'to'      => array(),
		'columns' => array(),
		'table'   => array(
			'from' => '',
			'to'   => '',
		),
	);
	$wider = isset( $asked['wider'] ) ? list_of_parts( $asked, 'wider' ) : array();
	if ( 'make' === $asked['kind'] || ( array() === $wider && empty( $asked['collated'] ) ) ) {
		if ( array() !== $wider ) {
			throw misshapen();
		}
		return $found;
	}
	$lines = column_lines( $db, $name );
	$now   = shaped_columns( $db, $name );
	run_query( $db, 'SET NAMES utf8mb4' );
	foreach ( $wider as $column ) {
		$of = checked_name( isset( $column['name'] ) ? $column['name'] : null );
		if ( ! isset( $now[ $of ], $lines[ $of ] ) ) {
			throw new Refusal( 'table_changed', 409, 'The table has no such column (any more).', array( 'table' => $name ) );
		}
		$is = $now[ $of ];
		if ( null === $is['charset'] ) {
			unset( $column['collation'] );
		} elseif ( empty( $column['collation'] ) ) {
			$column['collation'] = $is['collation'];
		}
		$to = column_sql( $db, $column );
		if ( ! holds_more( $is, $column ) ) {
			throw new Refusal( 'bad_request', 400, 'A column would hold less.' );
		}
		$comment = 1 === preg_match( "/ COMMENT '(?:[^']|'')*'$/", $lines[ $of ], $matches ) ? $matches[0] : '';

		$found['from'][ $of ]    = $lines[ $of ];
		$found['to'][ $of ]      = $to . $comment;
		$found['columns'][ $of ] = $is;
	}
	if ( ! empty( $asked['collated'] ) ) {
		$rows = fetch_all( $db, 'SELECT TABLE_COLLATION AS collation FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ' . quote_text( $db, $name ) );

		$found['table'] = array(
			'from' => 'DEFAULT' . collation_clause( isset( $rows[0] ) ? (string) $rows[0]['collation'] : null ),
			'to'   => 'DEFAULT' . collation_clause( $asked['collated'] ),
		);
	}
	return $found;
}

/**
 * The definitions of columns, as the server writes them.
 *
 * @param \mysqli $db    Connection, with names as text.
 * @param string  $table Table.
 * @return array<string, string> By name.
 */
function column_lines( $db, $table ) {
	run_query( $db, 'SET NAMES utf8mb4' );
	$rows  = fetch_all( $db, 'SHOW CREATE TABLE ' . quote_name( $table ) );
	$lines = array();
	foreach ( explode( "\n", isset( $rows[0]['create table'] ) ? $rows[0]['create table'] : '' ) as $line ) {
		if ( 1 === preg_match( '/^  (`(?:[^`]|``)+`) /', $line, $matches ) ) {
			$lines[ str_replace( '``', '`', substr( $matches[1], 1, -1 ) ) ] = rtrim( trim( $line ), ',' );
		}
	}
	return $lines;
}

/**
 * Clauses that give columns their room, or take it back.
 *
 * @param array  $widening As from checked_widening().
 * @param string $side     "to", or "from".
 * @return string[]
 */
function widening_clauses( array $widening, $side ) {
	$clauses = array();
	foreach ( $widening[ $side ] as $definition ) {
		$clauses[] = "MODIFY COLUMN $definition";
	}
	if ( '' !== $widening['table'][ $side ] ) {
		$clauses[] = $widening['table'][ $side ];
	}
	return $clauses;
}

/**
 * Whether the columns are what they were when the restore was begun.
 *
 * @param \mysqli $db       Connection.
 * @param string  $table    Table.
 * @param array   $widening As from checked_widening().
 */
function is_not_widened( $db, $table, array $widening ) {
	return array_intersect_key( shaped_columns( $db, $table ), $widening['columns'] ) == $widening['columns']; // phpcs:ignore Universal.Operators.StrictComparisons -- their order says nothing.
}

/**
 * Gives columns their room.
 *
 * @param \mysqli $db       Connection.
 * @param string  $table    Table.
 * @param array   $widening As from checked_widening().
 * @return int Nanoseconds for which nobody else could write to it.
 */
function widen_columns( $db, $table, array $widening ) {
	$clauses = widening_clauses( $widening, 'to' );
	return array() === $clauses ? 0 : alter_strictly( $db, $table, $clauses );
}

/**
 * Takes the room back, where nothing needs it.
 *
 * @param \mysqli $db       Connection.
 * @param array   $addition Of the shape.
 * @return bool Whether the columns are as they were.
 */
function narrow_back( $db, array $addition ) {
	$widening = $addition['widening'];
	if ( array() === widening_clauses( $widening, 'from' ) ) {
		return true;
	}
	$live  = $addition['table'];
	$lines = with_text(
		$db,
		function () use ( $db, $live ) {
			return column_lines( $db, $live );
		}
	);
	if ( array_intersect_key( $lines, $widening['from'] ) == $widening['from'] && '' === $widening['table']['from'] ) { // phpcs:ignore Universal.Operators.StrictComparisons -- their order says nothing.
		return true;
	}
	$now = shaped_columns( $db, $live );
	foreach ( $widening['columns'] as $name => $column ) {
		$is = isset( $now[ $name ] ) ? $now[ $name ] : null;
		// Somebody has made another column of it since; or blanks would be cut off, which no server minds.
		if ( ! in_array( $is, array( $column, $widening['after'][ $name ] ), true ) || loses_blanks( $db, $live, $column ) ) {
			return false;
		}
	}
	try {
		alter_strictly( $db, $live, widening_clauses( $widening, 'from' ) );
	} catch ( Refusal $refusal ) {
		if ( passes( $refusal ) ) {
			throw $refusal;
		}
		return false;
	}
	return true;
}

/**
 * Whether what kept a table from being altered comes to its end by itself. All else would keep it from that for ever: a value that does not
 * fit, a foreign key that came since, a table that has grown too large to be written anew.
 *
 * @param Refusal $refusal As from alter_table().
 */
function passes( Refusal $refusal ) {
	return in_array( $refusal->reason, array( 'locked', 'database_gone' ), true );
}

/**
 * Whether a text is longer than a column was, or ends in blanks that it would not keep.
 *
 * @param \mysqli $db     Connection.
 * @param string  $table  Table.
 * @param array   $column As from shaped_columns().
 */
function loses_blanks( $db, $table, array $column ) {
	$name  = quote_name( $column['name'] );
	$bytes = array(
		'tinytext'   => 255,
		'text'       => 65535,
		'mediumtext' => 16777215,
	);
	if ( 1 === preg_match( '/^(var)?char\((\d+)\)/i', $column['type'], $matches ) ) {
		$lost = "CHAR_LENGTH($name) > {$matches[2]}" . ( '' === $matches[1] ? " OR $name LIKE '% '" : '' );
	} elseif ( isset( $bytes[ strtolower( $column['type'] ) ] ) ) {
		$lost = "OCTET_LENGTH($name) > " . $bytes[ strtolower( $column['type'] ) ];
	} else {
		return false;
	}
	return array() !== fetch_all( $db, 'SELECT 1 AS found FROM ' . quote_name( $table ) . " WHERE $lost LIMIT 1" );
}

/**
 * Alters a table, and nothing when a value would not be the same afterwards.
 *
 * @param \mysqli  $db      Connection.
 * @param string   $table   Table.
 * @param string[] $clauses What is altered.
 * @return int Nanoseconds for which nobody else could write to it.
 */
function alter_strictly( $db, $table, array $clauses ) {
	$rows = fetch_all( $db, 'SELECT @@SESSION.sql_mode AS mode' );
	run_query( $db, "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'" );
	try {
		return alter_table( $db, $table, $clauses );
	} finally {
		mysqli_query( $db, 'SET SESSION sql_mode = ' . quote_text( $db, (string) $rows[0]['mode'] ) );
	}
}
