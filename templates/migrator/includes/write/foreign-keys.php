<?php
/**
 * The order in which tables with foreign keys can be written.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * The place of each table: in the order of names, but after those that it points at.
 *
 * @param \mysqli  $db     Connection.
 * @param string[] $tables Names.
 * @return array<string, int>
 */
function parents_first( $db, array $tables ) {
	$parents = array();
	foreach ( fetch_all( $db, 'SELECT TABLE_NAME AS child, REFERENCED_TABLE_NAME AS parent FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL' ) as $row ) {
		$parents[ spelled_name( $db, $row['child'] ) ][] = spelled_name( $db, $row['parent'] );
	}
	sort( $tables, SORT_STRING );
	$places = array();
	$visit  = function ( $table, array $path ) use ( &$visit, &$places, $parents, $tables ) {
		// Tables that point at each other in a circle stay in the order of their names.
		if ( isset( $places[ $table ] ) || isset( $path[ $table ] ) || ! in_array( $table, $tables, true ) ) {
			return;
		}
		foreach ( isset( $parents[ $table ] ) ? $parents[ $table ] : array() as $parent ) {
			$visit( $parent, $path + array( $table => true ) );
		}
		$places[ $table ] = count( $places ) + 1;
	};
	foreach ( $tables as $table ) {
		$visit( $table, array() );
	}
	return $places;
}
