<?php
/**
 * Definitions of tables, views and triggers, as the server writes them.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** How many tables that belong to no site are described; of more, only the names are told. */
const MOST_UNOWNED = 200;

/**
 * What a client must know of the site's part of the database.
 *
 * @param \mysqli $db Connection.
 * @return array{tables: array[], views: array[], triggers: array[], others: array, left_out: array[], other: string[]}
 */
function describe_database( $db ) {
	$own      = own_tables( $db );
	$columns  = table_columns( $db );
	$site     = describe_tables( $db, $own['tables'], $columns );
	$unowned  = array_slice( $own['unowned'], 0, MOST_UNOWNED, true );
	$others   = describe_tables( $db, $unowned, $columns );
	return array(
		'tables'   => $site['tables'],
		'views'    => $site['views'],
		'triggers' => describe_triggers( $db, $own['tables'] + $unowned ),
		'others'   => array(
			'tables' => $others['tables'],
			'views'  => $others['views'],
			'names'  => array_map( 'strval', array_keys( array_diff_key( $own['unowned'], $unowned ) ) ),
		),
		'left_out' => array_merge( $site['left_out'], $others['left_out'], describe_routines( $db ) ),
		'other'    => $own['other'],
	);
}

/**
 * Stored functions, procedures and events, which are not read out: what and name of each.
 *
 * @param \mysqli $db Connection.
 */
function describe_routines( $db ) {
	$found = array();
	foreach (
		array(
			'SELECT ROUTINE_NAME AS name, ROUTINE_TYPE AS kind FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()',
			"SELECT EVENT_NAME AS name, 'event' AS kind FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()",
		) as $sql
	) {
		try {
			foreach ( fetch_all( $db, $sql ) as $row ) {
				$found[] = array(
					'name' => $row['name'],
					'kind' => strtolower( $row['kind'] ),
				);
			}
		} catch ( Refusal $refusal ) {
			continue;
		}
	}
	return $found;
}

/**
 * Definitions of some tables and views.
 *
 * @param \mysqli $db      Connection.
 * @param array[] $rows    Of information_schema, by name.
 * @param array[] $columns Of all tables, by name.
 * @return array{tables: array[], views: array[], left_out: array[]}
 */
function describe_tables( $db, array $rows, array $columns ) {
	$tables   = array();
	$views    = array();
	$left_out = array();
	foreach ( $rows as $name => $row ) {
		$name = (string) $name;
		if ( 'VIEW' === $row['type'] ) {
			$views[] = describe_view( $db, $name );
		} elseif ( 'BASE TABLE' === $row['type'] || 'SYSTEM VERSIONED' === $row['type'] ) {
			$tables[] = describe_table( $db, $row, isset( $columns[ $name ] ) ? $columns[ $name ] : array() );
		} else {
			$left_out[] = array(
				'name' => $name,
				'kind' => strtolower( $row['type'] ),
			);
		}
	}
	return array(
		'tables'   => $tables,
		'views'    => $views,
		'left_out' => $left_out,
	);
}

/**
 * One table. A broken one has an empty definition and the server's words, so that the client can name it.
 *
 * @param \mysqli $db      Connection.
 * @param array   $row     Of information_schema.
 * @param array[] $columns Its columns.
 */
function describe_table( $db, array $row, array $columns ) {
	$name       = $row['name'];
	$definition = '';
	$problem    = null;
	$key        = null;
	try {
		$created    = fetch_all( $db, 'SHOW CREATE TABLE ' . quote_name( $name ) );
		$definition = (string) $created[0]['create table'];
		$key        = reading_key( $db, $name, $columns );
	} catch ( Refusal $refusal ) {
		$definition = '';
		$problem    = last_words( $db );
	}
	return array(
		'name'       => $name,
		'engine'     => (string) $row['engine'],
		'rows'       => (int) $row['estimate'],
		'dataBytes'  => (int) $row['bytes'],
		'definition' => $definition,
		'problem'    => $problem,
		'columns'    => array_map(
			function ( $column ) {
				unset( $column['nullable'] );
				return $column;
			},
			$columns
		),
		'key'        => null === $key ? null : $key['columns'],
	);
}

/**
 * One view. Without a definition, but with the server's words, when the database user may not see how it is made.
 *
 * @param \mysqli $db   Connection.
 * @param string  $name View.
 */
function describe_view( $db, $name ) {
	try {
		$created = fetch_all( $db, 'SHOW CREATE VIEW ' . quote_name( $name ) );
	} catch ( Refusal $refusal ) {
		return array(
			'name'       => $name,
			'definition' => '',
			'problem'    => last_words( $db ),
		);
	}
	return array(
		'name'       => $name,
		'definition' => (string) $created[0]['create view'],
		'problem'    => null,
	);
}

/**
 * What the server said about a definition: names and error numbers, no rows.
 *
 * @param \mysqli $db Connection.
 */
function last_words( $db ) {
	return substr( mysqli_error( $db ) . ' (error ' . mysqli_errno( $db ) . ')', 0, 500 );
}

/**
 * The triggers on the site's tables, as far as the database user may see them.
 *
 * @param \mysqli $db     Connection.
 * @param array[] $tables By name.
 */
function describe_triggers( $db, array $tables ) {
	$triggers = array();
	try {
		foreach ( fetch_all( $db, 'SHOW TRIGGERS' ) as $row ) {
			$table = spelled_name( $db, $row['table'] );
			if ( isset( $tables[ $table ] ) ) {
				$created    = fetch_all( $db, 'SHOW CREATE TRIGGER ' . quote_name( $row['trigger'] ) );
				$triggers[] = array(
					'name'       => $row['trigger'],
					'table'      => $table,
					'definition' => (string) $created[0]['sql original statement'],
				);
			}
		}
	} catch ( Refusal $refusal ) {
		return $triggers;
	}
	return $triggers;
}
