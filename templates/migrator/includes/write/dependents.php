<?php
/**
 * What came to the live site since the restore, and belongs to something that the restore made: a comment under a new page, a post in a
 * new category. What it belongs to is kept.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Which column of which table points at which column of which table. Meta data without its owner is nothing to anybody, and left out.
 */
function known_references() {
	global $wpdb;
	return array(
		array( $wpdb->comments, 'comment_post_ID', $wpdb->posts, 'ID' ),
		array( $wpdb->comments, 'comment_parent', $wpdb->comments, 'comment_ID' ),
		array( $wpdb->comments, 'user_id', $wpdb->users, 'ID' ),
		array( $wpdb->posts, 'post_parent', $wpdb->posts, 'ID' ),
		array( $wpdb->posts, 'post_author', $wpdb->users, 'ID' ),
		array( $wpdb->term_relationships, 'term_taxonomy_id', $wpdb->term_taxonomy, 'term_taxonomy_id' ),
		array( $wpdb->term_taxonomy, 'term_id', $wpdb->terms, 'term_id' ),
		array( $wpdb->term_taxonomy, 'parent', $wpdb->terms, 'term_id' ),
	);
}

/**
 * Items that made rows which rows point at that are not themselves undone.
 *
 * @param \mysqli $side  Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @return array[] As from find_drift(), why: needed.
 */
function find_dependents( $side, $id, array $shape ) {
	$names = array_column( $shape['tables'], 'name' );
	$found = array();
	foreach ( known_references() as $reference ) {
		list( $child, $column, $parent, $key ) = $reference;
		$at = array_search( $parent, $names, true );
		if ( false === $at || array( $key ) !== $shape['tables'][ $at ]['key'] ) {
			continue;
		}
		foreach ( $shape['batches'] as $number => $batch ) {
			if ( $batch['table'] === $at && 'create' === $batch['what'] ) {
				$sql = dependents_sql( $id, new Batch_Sql( $id, $shape, $number, true ), $child, $column, $key, array_search( $child, $names, true ), $shape );
				foreach ( fetch_all( $side, $sql ) as $row ) {
					$found[] = array(
						'n'     => (int) $row['n'],
						'table' => $child,
						'why'   => 'needed',
					);
				}
			}
		}
	}
	return $found;
}

/**
 * The SELECT for one reference. A row of the child table goes too when a chosen item created it.
 *
 * @param string    $id     Restore.
 * @param Batch_Sql $sql    The batch that created the rows pointed at.
 * @param string    $child  Table that points.
 * @param string    $column Its column.
 * @param string    $key    What it points at.
 * @param int|false $at     Number of the child table in the restore.
 * @param array     $shape  As from kept_shape().
 */
function dependents_sql( $id, Batch_Sql $sql, $child, $column, $key, $at, array $shape ) {
	global $wpdb;
	$from = strstr( $sql->count_rows(), ' FROM ' );
	list( $from, $where ) = explode( ' WHERE ', $from, 2 );
	$goes = '';
	if ( false !== $at ) {
		$made    = array_keys(
			array_filter(
				$shape['batches'],
				function ( $batch ) use ( $at ) {
					return $batch['table'] === $at && in_array( $batch['what'], array( 'create', 'add' ), true );
				}
			)
		);
		$numbers = implode( ', ', array_merge( array( -1 ), $made ) );
		$on      = array();
		foreach ( $shape['tables'][ $at ]['key'] as $name ) {
			$on[] = 'cn.' . quote_name( $name ) . ' = c.' . quote_name( $name );
		}
		$prefix = restore_prefix( $id );
		$goes   = ' AND NOT EXISTS (SELECT 1 FROM ' . quote_name( $prefix . 'n' . $at ) . ' cn JOIN ' . quote_name( $prefix . 'b' . $at ) . ' cb ON cb.wpclone_seq = cn.wpclone_seq JOIN ' . quote_name( $prefix . 'u' ) . " cu ON cu.n = cb.wpclone_item AND cu.chosen = 1 WHERE cb.wpclone_batch IN ($numbers) AND " . implode( ' AND ', $on ) . ')';
	}
	// WordPress itself makes revisions of what is looked at in the editor; they go with their post.
	$real = $child === $wpdb->posts ? " AND c.post_type <> 'revision'" : '';
	return "SELECT DISTINCT b.wpclone_item AS n$from JOIN " . quote_name( $child ) . ' c ON c.' . quote_name( $column ) . ' = n.' . quote_name( $key ) . " WHERE $where$real$goes";
}
