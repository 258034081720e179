<?php
/**
 * What a restore adds to the definitions of tables: tables that are not there, columns and keys of those that are, and room in their
 * columns. Nothing else, so that the code which is there can live with it. It is tried out on tables of our own when the restore begins.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/table-parts.php';
require_once __DIR__ . '/widening.php';
require_once __DIR__ . '/protected.php';

/** WordPress's own tables, which only WordPress alters. */
const CORE_TABLES = array( 'posts', 'postmeta', 'options', 'users', 'usermeta', 'terms', 'termmeta', 'term_taxonomy', 'term_relationships', 'comments', 'commentmeta', 'links', 'blogs', 'blogmeta', 'site', 'sitemeta', 'signups', 'registration_log' );

/**
 * Checks the additions that a client asks for, and makes a model of each table: our own, empty, as the live one shall be.
 *
 * @param \mysqli  $db      Connection.
 * @param string   $id      Restore.
 * @param array    $request schema: table, kind, item, columns, keys, engine, collation.
 * @param string[] $include Protected classes that may be written.
 * @return array[] Additions, each with its statements and its model.
 * @throws Refusal When one cannot or must not be made.
 */
function checked_additions( $db, $id, array $request, array $include ) {
	$additions = array();
	if ( ! isset( $request['schema'] ) ) {
		return $additions;
	}
	$own    = own_tables( $db );
	$others = all_prefixes( array_keys( $own['tables'] ), $GLOBALS['wpdb']->base_prefix );
	foreach ( list_of_parts( $request, 'schema' ) as $number => $asked ) {
		$name = checked_addition_name( $asked, $own['tables'], $others, $include );
		if ( in_array( $name, array_column( $additions, 'table' ), true ) ) {
			throw misshapen();
		}
		$additions[] = with_text(
			$db,
			function () use ( $db, $id, $number, $asked, $name ) {
				$addition = checked_addition( $db, $asked, $name );
				$model    = restore_prefix( $id ) . 'm' . $number;
				make_model( $db, $addition, $model );
				$addition['widening']['after'] = array_intersect_key( shaped_columns( $db, $model ), $addition['widening']['columns'] );
				run_query( $db, 'SET NAMES utf8mb4' );
				return array( 'model' => $model ) + $addition;
			}
		);
	}
	return $additions;
}

/**
 * The table of an addition: one of this site, or one that can be.
 *
 * @param array    $asked   As requested.
 * @param array[]  $tables  Of the site, by name.
 * @param string[] $others  Prefixes of other sites.
 * @param string[] $include Protected classes that may be written.
 */
function checked_addition_name( array $asked, array $tables, array $others, array $include ) {
	global $wpdb;
	$name   = checked_name( isset( $asked['table'] ) ? $asked['table'] : null );
	$prefix = $wpdb->base_prefix;
	$makes  = isset( $asked['kind'] ) && 'make' === $asked['kind'];
	$known  = isset( $tables[ $name ] ) && 'BASE TABLE' === $tables[ $name ]['type'];
	$bare   = substr( $name, strlen( $prefix ) );
	if ( 0 !== strpos( $name, $prefix ) || '' === (string) $bare || is_own_table( $name ) || starts_with_any( $name, $others ) || ( ! $makes && ! $known ) || in_array( strtolower( $bare ), CORE_TABLES, true ) ) {
		throw new Refusal( 'not_ours', 403, 'Only tables of this site’s plugins are made or altered.' );
	}
	// Under another case it may be the same to the server.
	if ( $makes && in_array( strtolower( $name ), array_map( 'strtolower', array_map( 'strval', array_keys( $tables ) ) ), true ) ) {
		throw new Refusal( 'table_changed', 409, 'The site has a table of that name by now.', array( 'table' => $name ) );
	}
	refuse_protected_table( $name, $include );
	return $name;
}

/**
 * The statements of an addition.
 *
 * @param \mysqli $db    Connection, with names as text.
 * @param array   $asked As requested.
 * @param string  $name  Table.
 * @return array{table: string, kind: string, item: int, columns: array, keys: array, filled: array, widening: array, settings: array, options: string}
 */
function checked_addition( $db, array $asked, $name ) {
	global $wpdb;
	$columns = array();
	$filled  = array();
	$keys    = array();
	foreach ( list_of_parts( $asked, 'columns' ) as $column ) {
		$columns[ checked_name( isset( $column['name'] ) ? $column['name'] : null ) ] = column_sql( $db, $column );
		$filled[ $column['name'] ] = filled_literal( $db, $column );
		if ( 'make' !== $asked['kind'] && ! empty( $column['counts'] ) ) {
			throw misshapen();
		}
	}
	foreach ( list_of_parts( $asked, 'keys' ) as $key ) {
		$keys[ isset( $key['name'] ) ? (string) $key['name'] : '' ] = key_sql( $key );
		if ( 'make' !== $asked['kind'] && 'primary' === $key['kind'] ) {
			throw misshapen();
		}
	}
	$widening = checked_widening( $db, $asked, $name );
	$changes  = count( $columns ) + count( $keys ) + count( widening_clauses( $widening, 'to' ) );

	$engine = isset( $asked['engine'] ) ? strtolower( (string) $asked['engine'] ) : 'innodb';
	if ( ! in_array( $engine, TABLE_ENGINES, true ) || ! isset( $asked['item'] ) || ! is_int( $asked['item'] ) || 0 === $changes ) {
		throw misshapen();
	}
	$usual     = fetch_all( $db, 'SELECT TABLE_COLLATION AS collation FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ' . quote_text( $db, $wpdb->posts ) );
	$collation = isset( $asked['collation'] ) ? $asked['collation'] : ( isset( $usual[0] ) ? (string) $usual[0]['collation'] : null );
	return array(
		'table'   => $name,
		'kind'    => 'make' === $asked['kind'] ? 'make' : 'extend',
		'item'    => $asked['item'],
		'columns' => $columns,
		'keys'    => $keys,
		'filled'  => $filled,
		'widening' => $widening,
		'settings' => checked_settings( $asked ),
		'options' => " ENGINE=$engine" . ( null === $collation ? '' : ' DEFAULT' . collation_clause( $collation ) ),
	);
}

/**
 * Settings that hold again what they held when the addition is taken back: those in which code notes the version of its tables.
 *
 * @param array $asked As requested: settings, with name and before.
 * @return array[]
 */
function checked_settings( array $asked ) {
	$settings = array();
	foreach ( isset( $asked['settings'] ) ? list_of_parts( $asked, 'settings' ) : array() as $setting ) {
		$name = isset( $setting['name'] ) ? $setting['name'] : null;
		if ( ! is_string( $name ) || 1 !== preg_match( '/^[\w-]{1,180}version$/Di', $name ) || is_any_of( $name, array_merge( array( '%wpclone%' ), PROTECTED_OPTIONS['machine'] ) ) ) {
			throw new Refusal( 'protected', 403, 'Only versions that plugins note are set back.', array( 'class' => 'machine' ) );
		}
		decoded_cells( array( isset( $setting['before'] ) ? $setting['before'] : null ), 1 );
		$settings[] = array(
			'name'   => $name,
			'before' => isset( $setting['before'] ) ? $setting['before'] : null,
		);
	}
	return $settings;
}

/**
 * Makes the model. What the server does not take here it would not take there.
 *
 * @param \mysqli $db       Connection, with names as text.
 * @param array   $addition As from checked_addition().
 * @param string  $model    Its name.
 * @throws Refusal With the server's error.
 */
function make_model( $db, array $addition, $model ) {
	$quoted = quote_name( $model );
	if ( 'make' === $addition['kind'] ) {
		$made = mysqli_query( $db, "CREATE TABLE $quoted (" . implode( ', ', array_merge( array_values( $addition['columns'] ), array_values( $addition['keys'] ) ) ) . ')' . $addition['options'] );
	} else {
		$live = shaped_columns( $db, $addition['table'] );
		run_query( $db, 'SET NAMES utf8mb4' );
		if ( array() !== array_intersect_key( $live, $addition['columns'] ) || array() !== array_intersect( array_keys( $addition['keys'] ), key_names( $db, $addition['table'] ) ) ) {
			throw new Refusal( 'table_changed', 409, 'The table has such a column or key by now.', array( 'table' => $addition['table'] ) );
		}
		$made = mysqli_query( $db, "CREATE TABLE $quoted LIKE " . quote_name( $addition['table'] ) ) && mysqli_query( $db, "ALTER TABLE $quoted " . implode( ', ', array_merge( widening_clauses( $addition['widening'], 'to' ), adding( $addition['columns'], $addition['keys'] ) ) ) );
	}
	if ( ! $made ) {
		throw new Refusal(
			'table_refused',
			409,
			'The database does not take the definition of a table.',
			array(
				'table'  => $addition['table'],
				'number' => mysqli_errno( $db ),
			)
		);
	}
}

/**
 * Clauses that add columns and keys.
 *
 * @param string[] $columns Definitions.
 * @param string[] $keys    Definitions.
 * @return string[]
 */
function adding( array $columns, array $keys ) {
	$clauses = array();
	foreach ( $columns as $column ) {
		$clauses[] = "ADD COLUMN $column";
	}
	foreach ( $keys as $key ) {
		$clauses[] = "ADD $key";
	}
	return $clauses;
}

/**
 * Names of the keys of a table.
 *
 * @param \mysqli $db    Connection.
 * @param string  $table Table.
 * @return string[]
 */
function key_names( $db, $table ) {
	return array_map( 'strval', array_values( array_unique( array_column( fetch_all( $db, 'SHOW INDEX FROM ' . quote_name( $table ) ), 'key_name' ) ) ) );
}

/**
 * Drops the models of tables that are there: they have said what they had to.
 *
 * @param \mysqli $db        Connection.
 * @param array[] $additions As from checked_additions().
 */
function drop_models( $db, array $additions ) {
	foreach ( $additions as $addition ) {
		if ( 'extend' === $addition['kind'] ) {
			run_query( $db, 'DROP TABLE IF EXISTS ' . quote_name( $addition['model'] ) );
		}
	}
}
