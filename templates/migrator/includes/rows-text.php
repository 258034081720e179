<?php
/**
 * Rows as LOAD DATA reads them with its defaults. This is the hottest code of the plugin: a few calls per row, none per byte.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Version of the form in which rows are sent: to be raised whenever the same row would come in other bytes, since digests of rows are kept. */
const ROW_FORMAT = 1;

/**
 * Sends the rows of an unbuffered result in blocks, up to the first giant row.
 *
 * @param \mysqli_result $result Is freed.
 * @param Table_Reader   $reader Table.
 * @param string[]|null  $cursor Key of the row before the first.
 * @return array rows, bytes, tail (text not sent yet), tail_rows, cursor (of the last row), giant (the giant row, or null).
 * @throws Refusal When the server stops in the middle.
 */
function send_result( $result, Table_Reader $reader, $cursor ) {
	$width  = count( $reader->columns );
	$tabs   = $width - 1;
	$flag   = null === $reader->giant ? null : count( $reader->fields );
	$block  = block_bytes();
	$extra  = count( $reader->fields ) > $width || null !== $flag;
	$nulls  = $reader->nullable;
	$bounds = $reader->bounds;
	$text   = '';
	$count  = 0;
	$rows   = 0;
	$bytes  = 0;
	$giant  = null;
	$before = null;
	while ( $row = mysqli_fetch_row( $result ) ) {
		if ( null !== $bounds && $bounds->are_passed_by( $row ) ) {
			$bounds->pass( $text, $count, $row );
			$rows  += $count;
			$bytes += strlen( $text );
			$text   = '';
			$count  = 0;
		}
		if ( null !== $flag && '1' === $row[ $flag ] ) {
			$giant = $row;
			break;
		}
		$fields = $extra ? array_slice( $row, 0, $width ) : $row;
		$line   = implode( "\t", $fields );
		if ( strpos( $line, '\\' ) !== false || strpos( $line, "\n" ) !== false || substr_count( $line, "\t" ) !== $tabs
			|| strpos( $line, "\0" ) !== false || strpos( $line, "\r" ) !== false || ( $nulls && in_array( null, $fields, true ) ) ) {
			$line = escape_row( $fields );
		}
		$text  .= $line . "\n";
		$before = $row;
		++$count;
		if ( strlen( $text ) >= $block ) {
			$reader->sink->block( $text, $count, $reader->key_of( $row ), false );
			$rows  += $count;
			$bytes += strlen( $text );
			$text   = '';
			$count  = 0;
		}
	}
	$failed = null === $giant ? mysqli_errno( $reader->db ) : 0;
	$words  = mysqli_error( $reader->db );
	mysqli_free_result( $result );
	if ( 0 !== $failed ) {
		throw database_refusal( $failed, $words );
	}
	return array(
		'rows'      => $rows + $count,
		'bytes'     => $bytes + strlen( $text ),
		'tail'      => $text,
		'tail_rows' => $count,
		'cursor'    => null === $before ? $cursor : $reader->key_of( $before ),
		'giant'     => $giant,
	);
}

/**
 * A row with something to escape.
 *
 * @param array $fields Strings and nulls.
 */
function escape_row( array $fields ) {
	foreach ( $fields as $at => $value ) {
		$fields[ $at ] = null === $value ? '\\N' : escape_value( $value );
	}
	return implode( "\t", $fields );
}

/**
 * Escapes what LOAD DATA would take for something else; the backslash first.
 *
 * @param string $value Bytes.
 */
function escape_value( $value ) {
	if ( strpos( $value, '\\' ) !== false ) {
		$value = str_replace( '\\', '\\\\', $value );
	}
	if ( strpos( $value, "\n" ) !== false ) {
		$value = str_replace( "\n", '\\n', $value );
	}
	if ( strpos( $value, "\t" ) !== false ) {
		$value = str_replace( "\t", '\\t', $value );
	}
	if ( strpos( $value, "\r" ) !== false ) {
		$value = str_replace( "\r", '\\r', $value );
	}
	if ( strpos( $value, "\0" ) !== false ) {
		$value = str_replace( "\0", '\\0', $value );
	}
	return $value;
}
