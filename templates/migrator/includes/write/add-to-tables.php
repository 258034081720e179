<?php
/**
 * Making and altering live tables, before any row is written: no transaction takes that back. What was begun is noted in a table of our
 * own beforehand; whoever finds the note there and the receipt not takes it back. What is added holds nothing by then.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** How often a table that somebody holds is asked for, and microseconds in between: nobody queues behind us meanwhile. */
const TABLE_ATTEMPTS = 40;
const TABLE_PAUSE    = 100000;

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
		if ( $has || ( 'extend' === $addition['kind'] && array() === $there ) ) {
			throw new Refusal( 'table_changed', 409, 'A table is not what it was when the restore was begun.', array( 'table' => $live ) );
		}
		run_query( $side, 'INSERT INTO ' . additions_journal( $id ) . ' (n) VALUES (' . (int) $number . ')' );
		if ( 'make' === $addition['kind'] ) {
			$held = alter_patiently( $side, 'RENAME TABLE ' . quote_name( $addition['model'] ) . ' TO ' . quote_name( $live ), $live );
		} else {
			// Keys by themselves: adding a column alone touches no row.
			$held = max( array() === $addition['columns'] ? 0 : alter_table( $side, $live, adding( $addition['columns'], array() ) ), array() === $addition['keys'] ? 0 : alter_table( $side, $live, adding( array(), $addition['keys'] ) ) );
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
	run_query( $db, 'SET SESSION lock_wait_timeout = ' . ( false === stripos( mysqli_get_server_info( $db ), 'mariadb' ) ? '1' : '0' ) );
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
				throw in_array( $number, array( 1050, 1060, 1061, 1062, 1071, 1118 ), true ) ? new Refusal(
					'table_refused',
					409,
					1062 === $number ? 'Rows of a table are alike in what a new key makes unique.' : 'A table does not take what is added to it.',
					array(
						'table'  => $table,
						'number' => $number,
					)
				) : database_refusal( $number );
			}
			if ( $attempt >= TABLE_ATTEMPTS ) {
				throw new Refusal( 'locked', 503, 'Others hold a table that is to be altered.', array( 'table' => $table ) );
			}
			usleep( TABLE_PAUSE );
		}
	} finally {
		mysqli_query( $db, 'SET NAMES binary' );
		mysqli_query( $db, 'SET SESSION lock_wait_timeout = 5' );
	}
}

/**
 * Takes additions back that were begun, all of them or those of items that were undone. What holds something that came since stays.
 *
 * @param \mysqli $db     Connection.
 * @param string  $id     Restore.
 * @param array   $shape  As from kept_shape(), or as it is kept.
 * @param bool    $undone Only those of items that were undone.
 * @return array[] What stays: n of the item, table, why.
 * @throws Refusal When it cannot be: then it is noted still.
 */
function take_additions_back( $db, $id, array $shape, $undone ) {
	$kept = array();
	if ( ! has_additions( $shape ) ) {
		return $kept;
	}
	$begun = array_map( 'intval', array_column( fetch_all( $db, 'SELECT n FROM ' . additions_journal( $id ) . ' ORDER BY n DESC' ), 'n' ) );
	$items = array_map( 'intval', array_column( fetch_all( $db, 'SELECT n FROM ' . quote_name( restore_prefix( $id ) . 'u' ) . ' WHERE undone = 1' ), 'n' ) );
	foreach ( $begun as $number ) {
		$addition = $shape['additions'][ $number ];
		if ( $undone && ! in_array( $addition['item'], $items, true ) ) {
			continue;
		}
		if ( 'make' === $addition['kind'] ? unmake_table( $db, $addition ) : unextend_table( $db, $addition ) ) {
			set_back( $db, $addition['settings'] );
		} else {
			$kept[] = array(
				'n'     => $addition['item'],
				'table' => $addition['table'],
				'why'   => 'holds',
			);
		}
		run_query( $db, 'DELETE FROM ' . additions_journal( $id ) . ' WHERE n = ' . $number );
	}
	return $kept;
}

/**
 * Has settings hold again what they held: code that made an upgrade of its own must not take it for done once that is taken back.
 *
 * @param \mysqli $db       Connection.
 * @param array[] $settings Name and what it held, in base64; null for none.
 */
function set_back( $db, array $settings ) {
	global $wpdb;
	foreach ( $settings as $setting ) {
		$where = ' WHERE option_name = ' . quote_text( $db, $setting['name'] );
		list( $before ) = decoded_cells( array( $setting['before'] ), 1 );
		run_query( $db, null === $before ? 'DELETE FROM ' . quote_name( $wpdb->options ) . $where : 'UPDATE ' . quote_name( $wpdb->options ) . ' SET option_value = ' . quote_text( $db, $before ) . $where );
	}
}

/**
 * Takes a table away that was made, unless somebody has put something into it. It becomes the model again that it was.
 *
 * @param \mysqli $db       Connection.
 * @param array   $addition Of the shape.
 * @return bool Whether it is gone.
 */
function unmake_table( $db, array $addition ) {
	list( $live, $model ) = array( quote_name( $addition['table'] ), quote_name( $addition['model'] ) );
	if ( array() !== shaped_columns( $db, $addition['model'] ) || array() === shaped_columns( $db, $addition['table'] ) ) {
		return true;
	}
	// Away from everybody first: what is found in it then stays all there is.
	alter_patiently( $db, "RENAME TABLE $live TO $model", $addition['table'] );
	if ( array() === fetch_all( $db, "SELECT 1 AS found FROM $model LIMIT 1" ) ) {
		return true;
	}
	alter_patiently( $db, "RENAME TABLE $model TO $live", $addition['table'] );
	return false;
}

/**
 * Drops the columns and keys that a table got, unless somebody has written into one of the columns. The code that fills them is gone by then.
 *
 * @param \mysqli $db       Connection.
 * @param array   $addition Of the shape.
 * @return bool Whether they are gone.
 */
function unextend_table( $db, array $addition ) {
	$live    = $addition['table'];
	$columns = array_intersect( array_map( 'strval', array_keys( $addition['columns'] ) ), array_map( 'strval', array_keys( shaped_columns( $db, $live ) ) ) );
	$keys    = array_intersect( array_map( 'strval', array_keys( $addition['keys'] ) ), key_names( $db, $live ) );
	foreach ( $columns as $column ) {
		if ( ! is_as_filled( $db, $live, $column, $addition['filled'][ $column ] ) ) {
			return false;
		}
	}
	foreach ( array( 'KEY' => $keys, 'COLUMN' => $columns ) as $what => $names ) {
		// What is dropped in an instant stays in the table's pages, until it takes no more columns (1118): it is written anew, and nobody waits.
		$clauses = 'COLUMN' === $what && array() !== $names ? array( 'FORCE' ) : array();
		foreach ( $names as $name ) {
			$clauses[] = "DROP $what " . quote_name( $name );
		}
		if ( array() !== $clauses ) {
			alter_table( $db, $live, $clauses );
		}
	}
	return true;
}

/**
 * Whether all rows have in a column what it was filled with when it was added.
 *
 * @param \mysqli     $db     Connection.
 * @param string      $table  Table.
 * @param string      $column Column.
 * @param string|null $filled Literal; null where that is not known.
 */
function is_as_filled( $db, $table, $column, $filled ) {
	$name = quote_name( $column );
	// Times at which rows were made say nothing that anybody has written.
	if ( null === $filled ) {
		return true;
	}
	return with_text(
		$db,
		function () use ( $db, $table, $name, $filled ) {
			return array() === fetch_all( $db, 'SELECT 1 AS found FROM ' . quote_name( $table ) . " WHERE NOT ($name <=> $filled) LIMIT 1" );
		}
	);
}

/**
 * The same where a restore is undone, or cut off after that.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @return array[] As from take_additions_back().
 */
function take_undone_additions_back( $db, array $restore ) {
	$shape = json_decode( $restore['shape'], true );
	if ( ! is_array( $shape ) || ! has_additions( $shape ) ) {
		return array();
	}
	try {
		return take_additions_back( $db, $restore['id'], $shape, true );
	} catch ( Refusal $refusal ) {
		// Where its tables are dropped already (1146), that was done before.
		if ( isset( $refusal->fields['number'] ) && 1146 === $refusal->fields['number'] ) {
			return array();
		}
		throw $refusal;
	}
}
