<?php
/**
 * Making and altering live tables, before any row is written: no transaction takes that back. What was begun is noted in a table of our
 * own beforehand; whoever finds the note there and the receipt not takes it back. What is added holds nothing by then.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/take-back.php';

/**
 * How often a table that somebody holds is asked for, and microseconds in between. Where the server gives up at once, nobody queues behind us;
 * where its shortest wait is a second, whoever comes in that second does, so that it is followed by as long a pause.
 */
const TABLE_ATTEMPTS = 40;
const TABLE_PAUSE    = 100000;
const SLOW_ATTEMPTS  = 20;
const SLOW_PAUSE     = 1000000;

/** Bytes of a table that may be written anew while nobody else can write to it. */
const MOST_COPIED = 33554432;

/** The server has no such way of altering this table (1845, 1846), or knows none by that name (1800, 1064). */
const OTHER_WAY = array( 1800, 1845, 1846, 1064 );

/**
 * Whether a restore makes or alters tables.
 *
 * @param array $shape As from kept_shape().
 */
function has_additions( array $shape ) {
	return ! empty( $shape['additions'] );
}

/**
 * The table that says what was begun.
 *
 * @param string $id Restore.
 */
function additions_journal( $id ) {
	return quote_name( restore_prefix( $id ) . 's' );
}

/**
 * Makes what is to be there before the rows are.
 *
 * @param \mysqli $side  Connection beside the transaction.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @return int Nanoseconds for which others could not write to one of the tables.
 * @throws Refusal When it cannot be.
 */
function add_to_tables( $side, $id, array $shape ) {
	$longest = 0;
	foreach ( $shape['additions'] as $number => $addition ) {
		$live  = $addition['table'];
		$there = array_keys( shaped_columns( $side, $live ) );
		$has   = 'make' === $addition['kind'] ? array() !== $there : array() !== array_intersect( array_keys( $addition['columns'] ), $there ) || array() !== array_intersect( array_keys( $addition['keys'] ), key_names( $side, $live ) );
		if ( $has || ( 'extend' === $addition['kind'] && ( array() === $there || ! is_not_widened( $side, $live, $addition['widening'] ) ) ) ) {
			throw new Refusal( 'table_changed', 409, 'A table is not what it was when the restore was begun.', array( 'table' => $live ) );
		}
		run_query( $side, 'INSERT INTO ' . additions_journal( $id ) . ' (n) VALUES (' . (int) $number . ')' );
		if ( 'make' === $addition['kind'] ) {
			$held = alter_patiently( $side, 'RENAME TABLE ' . quote_name( $addition['model'] ) . ' TO ' . quote_name( $live ), $live );
		} else {
			// Keys by themselves: adding a column alone touches no row.
			$held = max( widen_columns( $side, $live, $addition['widening'] ), array() === $addition['columns'] ? 0 : alter_table( $side, $live, adding( $addition['columns'], array() ) ), array() === $addition['keys'] ? 0 : alter_table( $side, $live, adding( array(), $addition['keys'] ) ) );
		}
		$longest = max( $longest, $held );
	}
	return $longest;
}

/**
 * Alters a table in the way that holds it for the shortest time.
 *
 * @param \mysqli  $db      Connection.
 * @param string   $table   Table.
 * @param string[] $clauses What is altered.
 * @return int Nanoseconds for which nobody else could write to it.
 * @throws Refusal When it cannot be, or only by writing a large table anew.
 */
function alter_table( $db, $table, array $clauses ) {
	$start = 'ALTER TABLE ' . quote_name( $table ) . ' ' . implode( ', ', $clauses );
	foreach ( array( ', ALGORITHM=INSTANT', ', ALGORITHM=INPLACE, LOCK=NONE', '' ) as $way ) {
		$rows = '' === $way ? fetch_all( $db, 'SELECT DATA_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ' . quote_text( $db, $table ) ) : array();
		if ( isset( $rows[0] ) && (int) $rows[0]['bytes'] > MOST_COPIED ) {
			throw new Refusal( 'table_refused', 409, 'Nobody could write to a large table while it is altered.', array( 'table' => $table ) );
		}
		$held = alter_patiently( $db, $start . $way, $table, '' !== $way );
		if ( null !== $held ) {
			return false === strpos( $way, 'NONE' ) ? $held : 0;
		}
	}
	return 0;
}

/**
 * Alters a table as soon as nobody holds it, without making others wait behind us.
 *
 * @param \mysqli $db    Connection.
 * @param string  $sql   Statement.
 * @param string  $table Table.
 * @param bool    $tries Whether there is another way.
 * @return int|null Nanoseconds that it took; null where the server has no such way.
 * @throws Refusal When it cannot be.
 */
function alter_patiently( $db, $sql, $table, $tries = false ) {
	// MariaDB can give up at once; MySQL rounds that up to a second.
	$slow = false === stripos( mysqli_get_server_info( $db ), 'mariadb' );
	run_query( $db, 'SET SESSION lock_wait_timeout = ' . ( $slow ? '1' : '0' ) );
	run_query( $db, 'SET NAMES utf8mb4' );
	try {
		for ( $attempt = 1; ; $attempt++ ) {
			$began = hrtime( true );
			if ( false !== mysqli_query( $db, $sql ) ) {
				return hrtime( true ) - $began;
			}
			$number = mysqli_errno( $db );
			if ( $tries && in_array( $number, OTHER_WAY, true ) ) {
				return null;
			}
			// 1062, 1061, 1060: rows that are alike, or somebody was quicker.
			if ( 1205 !== $number ) {
				throw in_array( $number, array_merge( array( 1050, 1060, 1061, 1062, 1071, 1118, 1832, 1833 ), DOES_NOT_FIT_BACK ), true ) ? new Refusal(
					'table_refused',
					409,
					1062 === $number ? 'Rows of a table are alike in what a new key makes unique.' : 'A table does not take what is added to it.',
					array(
						'table'  => $table,
						'number' => $number,
					)
				) : database_refusal( $number );
			}
			if ( $attempt >= ( $slow ? SLOW_ATTEMPTS : TABLE_ATTEMPTS ) ) {
				throw new Refusal( 'locked', 503, 'Others hold a table that is to be altered.', array( 'table' => $table ) );
			}
			usleep( $slow ? SLOW_PAUSE : TABLE_PAUSE );
		}
	} finally {
		mysqli_query( $db, 'SET NAMES binary' );
		mysqli_query( $db, 'SET SESSION lock_wait_timeout = 5' );
	}
}
