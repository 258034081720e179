<?php
/**
 * Taking back what was added to the definitions of tables. What the live site has put into it meanwhile is never lost: then it stays.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/file-facts.php';

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
		if ( is_used_by_others( $db, $id, $shape, $addition ) ) {
			$kept[] = addition_kept( $addition );
		} elseif ( 'make' === $addition['kind'] ? unmake_table( $db, $addition ) : unextend_table( $db, $addition, $undone ) ) {
			set_back( $db, $addition['settings'] );
		} else {
			$kept[] = addition_kept( $addition );
		}
		run_query( $db, 'DELETE FROM ' . additions_journal( $id ) . ' WHERE n = ' . $number );
	}
	return $kept;
}

/**
 * An addition that stays, as find_drift() has it.
 *
 * @param array $addition Of the shape.
 */
function addition_kept( array $addition ) {
	return array(
		'n'     => $addition['item'],
		'table' => $addition['table'],
		'why'   => 'holds',
	);
}

/**
 * Whether the code that an addition came with is there by now in another version than before the restore: somebody has updated it by hand
 * since, which found the addition made. All files of the restore are back in their places by then.
 *
 * @param \mysqli $db       Connection.
 * @param string  $id       Restore.
 * @param array   $shape    As from kept_shape(), or as it is kept.
 * @param array   $addition Of the shape.
 */
function is_used_by_others( $db, $id, array $shape, array $addition ) {
	if ( ! has_files( $shape ) ) {
		return false;
	}
	foreach ( restore_files( $db, $id, 'f.item = ' . (int) $addition['item'] ) as $file ) {
		try {
			$live = is_code_path( $file['path'] ) ? file_place( uploads_base(), $file['path'] )[1] : null;
			if ( null !== $live && null === facts_of_unchanged( $live, $file['sha_from'] ) ) {
				return true;
			}
		} catch ( Refusal $refusal ) {
			// A link or a folder took its place.
			return true;
		}
	}
	return false;
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
	$there = array() !== shaped_columns( $db, $addition['table'] );
	if ( array() !== shaped_columns( $db, $addition['model'] ) ) {
		if ( array() === fetch_all( $db, "SELECT 1 AS found FROM $model LIMIT 1" ) ) {
			return true;
		}
		// Whoever took it away died before it was put back: what is in it came from the live site.
		if ( $there ) {
			throw new Refusal( 'table_changed', 409, 'The site has made a table anew whose rows are still kept.', array( 'table' => $addition['table'] ) );
		}
		alter_patiently( $db, "RENAME TABLE $model TO $live", $addition['table'] );
		return false;
	}
	if ( ! $there ) {
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
 * @param bool    $undone   Whether it was in use since.
 * @return bool Whether they are gone.
 */
function unextend_table( $db, array $addition, $undone ) {
	$live    = $addition['table'];
	$columns = array_intersect( array_map( 'strval', array_keys( $addition['columns'] ) ), array_map( 'strval', array_keys( shaped_columns( $db, $live ) ) ) );
	$keys    = array_intersect( array_map( 'strval', array_keys( $addition['keys'] ) ), key_names( $db, $live ) );
	foreach ( $columns as $column ) {
		if ( ! is_as_filled( $db, $live, $column, $addition['filled'][ $column ], $undone ) ) {
			return false;
		}
	}
	if ( ! narrow_back( $db, $addition ) ) {
		return false;
	}
	foreach ( array( 'KEY' => $keys, 'COLUMN' => $columns ) as $what => $names ) {
		$clauses = array();
		foreach ( $names as $name ) {
			$clauses[] = "DROP $what " . quote_name( $name );
		}
		if ( array() !== $clauses && ! drop_parts( $db, $live, $clauses, 'COLUMN' === $what ) ) {
			return false;
		}
	}
	return true;
}

/**
 * Drops parts of a table. What is dropped in an instant stays in the table's pages, until it takes no more columns (1118): so it is written
 * anew where nobody waits for that. A large one is not where somebody would.
 *
 * @param \mysqli  $db      Connection.
 * @param string   $table   Table.
 * @param string[] $clauses What is dropped.
 * @param bool     $anew    Whether to have the table written anew.
 * @return bool Whether they are gone; else they stay, which older code can live with.
 * @throws Refusal When it cannot be.
 */
function drop_parts( $db, $table, array $clauses, $anew ) {
	try {
		alter_table( $db, $table, array_merge( $anew ? array( 'FORCE' ) : array(), $clauses ) );
		return true;
	} catch ( Refusal $refusal ) {
		if ( passes( $refusal ) ) {
			throw $refusal;
		}
		// A foreign key that came since needs a key, say.
		if ( 'table_refused' !== $refusal->reason || isset( $refusal->fields['number'] ) ) {
			return false;
		}
	}
	return null !== alter_patiently( $db, 'ALTER TABLE ' . quote_name( $table ) . ' ' . implode( ', ', $clauses ) . ', ALGORITHM=INSTANT', $table, true );
}

/**
 * Whether all rows have in a column what it was filled with when it was added.
 *
 * @param \mysqli     $db     Connection.
 * @param string      $table  Table.
 * @param string      $column Column.
 * @param string|null $filled Literal; null for the moment at which it was added.
 * @param bool        $undone Whether it was in use since.
 */
function is_as_filled( $db, $table, $column, $filled, $undone ) {
	$name = quote_name( $column );
	$live = quote_name( $table );
	if ( null === $filled ) {
		// One moment for all rows. Another one was written, or came with its row since; no older code minds the column, so that it may stay.
		return ! $undone || shaped_columns( $db, $table )[ $column ]['stamped'] || array() === fetch_all( $db, "SELECT 1 AS found FROM $live WHERE NOT ($name <=> (SELECT MIN(m.$name) FROM $live m)) LIMIT 1" );
	}
	return with_text(
		$db,
		function () use ( $db, $table, $column, $name, $live, $filled ) {
			$columns = shaped_columns( $db, $table );
			run_query( $db, 'SET NAMES utf8mb4' );
			// To a collation "Y" may be "y", and a blank nothing: not to whoever wrote it.
			$bytes = isset( $columns[ $column ]['charset'] ) ? "CAST(CONVERT($name USING utf8mb4) AS BINARY) <=> CAST($filled AS BINARY)" : "$name <=> $filled";
			return array() === fetch_all( $db, "SELECT 1 AS found FROM $live WHERE NOT ($bytes) LIMIT 1" );
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
