<?php
/**
 * Rows of the protected classes among those that are staged, told by the live rows that they are about and by what they hold themselves.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Refuses what was not named when the key was made, and what is our own in any case.
 *
 * @param \mysqli  $db      Connection.
 * @param string   $id      Restore.
 * @param array    $shape   As from kept_shape().
 * @param string[] $include Classes that were named.
 * @throws Refusal Naming the class.
 */
function refuse_protected_rows( $db, $id, array $shape, array $include ) {
	foreach ( $shape['tables'] as $at => $table ) {
		foreach ( protected_columns( $table['name'] ) as $rule ) {
			list( $column, $classes, $through ) = $rule;
			foreach ( $classes as $class => $patterns ) {
				if ( in_array( $class, $include, true ) || ! isset( $table['columns'][ $column ] ) ) {
					continue;
				}
				foreach ( array( 'l', 'b', 'n' ) as $side ) {
					if ( 'l' === $side && array() === $table['key'] ) {
						continue;
					}
					$sql = protected_sql( $id, $at, $table, $side, $column, $patterns, $through );
					if ( array() !== fetch_all( $db, $sql ) ) {
						throw protected_refusal( $class, $table['name'] );
					}
				}
			}
		}
	}
}

/**
 * By which column of a table the classes of its rows are told, with the patterns of each class, and through which table: "" when the
 * column itself says it, else the post whose type does.
 *
 * @param string $name Table.
 * @return array[]
 */
function protected_columns( $name ) {
	global $wpdb;
	switch ( $name ) {
		case $wpdb->options:
			return array( array( 'option_name', PROTECTED_OPTIONS + array( 'own' => OWN_OPTIONS ), '' ) );
		case $wpdb->usermeta:
			return array( array( 'meta_key', PROTECTED_USER_META, '' ) );
		case $wpdb->posts:
			return array( array( 'post_type', PROTECTED_POST_TYPES, '' ) );
		case $wpdb->postmeta:
			return array( array( 'post_id', PROTECTED_POST_TYPES, $wpdb->posts ) );
		case $wpdb->comments:
			return array( array( 'comment_post_ID', PROTECTED_POST_TYPES, $wpdb->posts ) );
		case $wpdb->term_relationships:
			return array( array( 'object_id', PROTECTED_POST_TYPES, $wpdb->posts ) );
		default:
			return array();
	}
}

/**
 * The SELECT that finds one row of a class.
 *
 * @param string   $id       Restore.
 * @param int      $at       Number of the table.
 * @param array    $table    As from checked_table().
 * @param string   $side     Whose column says it: the live row's (l), or that of the staged one before (b) or after (n).
 * @param string   $column   Column.
 * @param string[] $patterns LIKE patterns.
 * @param string   $through  The table of posts, when the column holds the number of one.
 */
function protected_sql( $id, $at, array $table, $side, $column, array $patterns, $through ) {
	global $wpdb;
	$prefix = restore_prefix( $id );
	$from   = quote_name( $prefix . 'b' . $at ) . ' b LEFT JOIN ' . quote_name( $prefix . 'n' . $at ) . ' n ON n.wpclone_seq = b.wpclone_seq';
	if ( 'l' === $side ) {
		$on = array();
		foreach ( $table['key'] as $name ) {
			$on[] = 'l.' . quote_name( $name ) . ' = b.' . quote_name( $name );
		}
		$from .= ' STRAIGHT_JOIN ' . quote_name( $table['name'] ) . ' l ON ' . implode( ' AND ', $on );
	}
	$told = $side . '.' . quote_name( $column );
	if ( '' !== $through ) {
		$from .= ' STRAIGHT_JOIN ' . quote_name( $through ) . " p ON p.ID = $told";
		$told  = 'p.post_type';
	}
	// As WordPress would find it: in any case, with or without accents, and blanks at the end.
	$text  = "TRIM(TRAILING ' ' FROM CONVERT($told USING utf8mb4)) COLLATE utf8mb4_general_ci";
	$likes = array();
	foreach ( $patterns as $pattern ) {
		$pattern = strtr( $pattern, array( '{prefix}' => addcslashes( $wpdb->base_prefix, '_%\\' ) ) );
		$likes[] = "$text LIKE _utf8mb4'" . strtr( $pattern, array( '\\' => '\\\\', "'" => "''" ) ) . "' COLLATE utf8mb4_general_ci";
	}
	return "SELECT 1 AS found FROM $from WHERE " . implode( ' OR ', $likes ) . ' LIMIT 1';
}
