<?php
/**
 * Which tables belong to this site, and what columns they have.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * The site's own tables and views: those with its prefix, except those of other sites with a longer prefix, and user tables named otherwise.
 *
 * @param \mysqli $db Connection.
 * @return array{tables: array[], unowned: array[], other: string[]} Rows of information_schema by table name: the site's, and those of no WordPress; longer prefixes of other sites.
 */
function own_tables( $db ) {
	global $wpdb;
	$all = array();
	foreach ( fetch_all( $db, 'SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, TABLE_ROWS AS estimate, DATA_LENGTH AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME' ) as $row ) {
		$row['name'] = spelled_name( $db, $row['name'] );
		if ( 0 === stripos( $row['name'], $wpdb->base_prefix . OWN_TABLES ) ) {
			// Before images of a restore are nobody's content.
			continue;
		}

		$all[ $row['name'] ] = $row;
	}
	$other  = other_prefixes( array_keys( $all ), $wpdb->base_prefix );
	$shared = array( $wpdb->users, $wpdb->usermeta );
	$others  = all_prefixes( array_keys( $all ), $wpdb->base_prefix );
	$tables  = array();
	$unowned = array();
	foreach ( $all as $name => $row ) {
		$name = (string) $name;
		if ( in_array( $name, $shared, true ) || belongs_to_prefix( $name, $wpdb->base_prefix, $other ) ) {
			$tables[ $name ] = $row;
		} elseif ( ! starts_with_any( $name, $others ) ) {
			$unowned[ $name ] = $row;
		}
	}
	return array(
		'tables'  => $tables,
		'unowned' => $unowned,
		'other'   => $other,
	);
}

/**
 * The name of a table as the site spells it. A server that does not tell names apart by case may list them otherwise than the site
 * asks for them (lower_case_table_names); other servers need what they list.
 *
 * @param \mysqli $db   Connection.
 * @param string  $name As the server lists it, or as it was asked for.
 */
function spelled_name( $db, $name ) {
	global $wpdb;
	static $known = null;
	if ( null === $known ) {
		$known = ignored_case( $db ) > 0 ? names_in_wpdb() : false;
	}
	$lower = strtolower( $name );
	if ( false === $known || isset( $known[ $lower ] ) ) {
		return false === $known ? $name : $known[ $lower ];
	}
	$prefix = $wpdb->base_prefix;
	return 0 === strpos( $lower, strtolower( $prefix ) ) ? $prefix . substr( $name, strlen( $prefix ) ) : $name;
}

/**
 * How the server treats upper and lower case in tables' names: 0 when it tells them apart.
 *
 * @param \mysqli $db Connection.
 */
function ignored_case( $db ) {
	$rows = fetch_all( $db, 'SELECT @@lower_case_table_names AS mode' );
	return (int) $rows[0]['mode'];
}

/**
 * All texts by which WordPress and its plugins may ask for tables, by their lower case.
 */
function names_in_wpdb() {
	global $wpdb;
	$names = array();
	foreach ( get_object_vars( $wpdb ) as $name ) {
		if ( is_string( $name ) && strlen( $name ) <= 64 ) {
			$names[ strtolower( $name ) ] = $name;
		}
	}
	return $names;
}

/**
 * Whether a table is under the prefix, and not under a longer one of another site.
 *
 * @param string   $name   Table.
 * @param string   $prefix This site's.
 * @param string[] $other  Other sites'.
 */
function belongs_to_prefix( $name, $prefix, array $other ) {
	foreach ( $other as $longer ) {
		if ( 0 === strpos( $name, $longer ) ) {
			return false;
		}
	}
	return '' === $prefix || 0 === strpos( $name, $prefix );
}

/**
 * Longer prefixes under which a whole other WordPress lives in the same schema.
 *
 * @param string[] $names  All tables.
 * @param string   $prefix This site's.
 */
function other_prefixes( array $names, $prefix ) {
	$present = array_flip( $names );
	$found   = array();
	foreach ( $names as $name ) {
		$name = (string) $name;
		if ( 'options' !== substr( $name, -7 ) ) {
			continue;
		}
		$longer = substr( $name, 0, -7 );
		if ( strlen( $longer ) > strlen( $prefix ) && 0 === strpos( $longer, $prefix ) && isset( $present[ $longer . 'posts' ], $present[ $longer . 'users' ], $present[ $longer . 'usermeta' ] ) ) {
			$found[] = $longer;
		}
	}
	return $found;
}

/**
 * The prefixes of all other sites in the same schema.
 *
 * @param string[] $names  All tables.
 * @param string   $prefix This site's.
 */
function all_prefixes( array $names, $prefix ) {
	$present = array_flip( $names );
	$found   = other_prefixes( $names, $prefix );
	foreach ( $names as $name ) {
		$name  = (string) $name;
		$other = substr( $name, 0, -7 );
		if ( 'options' === substr( $name, -7 ) && $other !== $prefix && isset( $present[ $other . 'posts' ], $present[ $other . 'postmeta' ] ) ) {
			$found[] = $other;
		}
	}
	return $found;
}

/**
 * Whether a name begins with one of some prefixes.
 *
 * @param string   $name     Table.
 * @param string[] $prefixes May hold the empty one, which everything begins with.
 */
function starts_with_any( $name, array $prefixes ) {
	foreach ( $prefixes as $prefix ) {
		if ( '' === $prefix || 0 === strpos( $name, $prefix ) ) {
			return true;
		}
	}
	return false;
}

/**
 * The columns of tables, in order.
 *
 * @param \mysqli     $db    Connection.
 * @param string|null $table One table, or null for all of the schema.
 * @return array<string, array[]> By table: name, type (lower case), charset, nullable, generated.
 */
function table_columns( $db, $table = null ) {
	$where   = null === $table ? '' : ' AND TABLE_NAME = ' . quote_text( $db, $table );
	$columns = array();
	foreach ( fetch_all( $db, 'SELECT TABLE_NAME AS tab, COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset, IS_NULLABLE AS nullable, EXTRA AS extra FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()' . $where . ' ORDER BY TABLE_NAME, ORDINAL_POSITION' ) as $row ) {
		$columns[ spelled_name( $db, $row['tab'] ) ][] = array(
			'name'      => $row['name'],
			'type'      => strtolower( $row['type'] ),
			'charset'   => $row['charset'],
			'nullable'  => 'YES' === $row['nullable'],
			// MySQL also says DEFAULT_GENERATED, of a default that is an expression: such a column is an ordinary one.
			'generated' => 1 === preg_match( '/\b(VIRTUAL|STORED|PERSISTENT)\b/i', (string) $row['extra'] ),
		);
	}
	return $columns;
}
