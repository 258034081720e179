<?php
/**
 * What belongs to rows that go, and does not go with them: a comment that came under a page which the restore had made, a post in its
 * category, rows that a foreign key would take along. What it belongs to is kept.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-batch-sql.php';

/**
 * Which columns of which table point at which columns of which table. Meta data without its owner is nothing to anybody, and left out.
 *
 * @return array[] Table, its columns, table pointed at, columns there; where only some rows of the table point, the condition for them.
 */
function known_references() {
	global $wpdb;
	return array(
		array( $wpdb->comments, array( 'comment_post_ID' ), $wpdb->posts, array( 'ID' ) ),
		array( $wpdb->comments, array( 'comment_parent' ), $wpdb->comments, array( 'comment_ID' ) ),
		array( $wpdb->comments, array( 'user_id' ), $wpdb->users, array( 'ID' ) ),
		array( $wpdb->posts, array( 'post_parent' ), $wpdb->posts, array( 'ID' ) ),
		array( $wpdb->posts, array( 'post_author' ), $wpdb->users, array( 'ID' ) ),
		array( $wpdb->term_relationships, array( 'term_taxonomy_id' ), $wpdb->term_taxonomy, array( 'term_taxonomy_id' ) ),
		array( $wpdb->term_taxonomy, array( 'term_id' ), $wpdb->terms, array( 'term_id' ) ),
		array( $wpdb->term_taxonomy, array( 'parent' ), $wpdb->terms, array( 'term_id' ) ),
		array( $wpdb->options, array( 'option_value' ), $wpdb->posts, array( 'ID' ), "c.option_name IN ('page_on_front', 'page_for_posts', 'wp_page_for_privacy_policy', 'site_icon', 'site_logo')" ),
		array( $wpdb->postmeta, array( 'meta_value' ), $wpdb->posts, array( 'ID' ), "c.meta_key = '_thumbnail_id'" ),
	);
}

/**
 * The same by the foreign keys of the database: a row that goes would take those that point at it along (ON DELETE CASCADE), and nobody
 * would have them any more.
 *
 * @param \mysqli $side Connection.
 * @return array[] As from known_references().
 */
function foreign_references( $side ) {
	$found = array();
	foreach ( fetch_all( $side, 'SELECT CONSTRAINT_NAME AS name, TABLE_NAME AS child, COLUMN_NAME AS col, REFERENCED_TABLE_NAME AS parent, REFERENCED_COLUMN_NAME AS pointed FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION' ) as $row ) {
		$name = $row['child'] . "\n" . $row['name'];
		if ( ! isset( $found[ $name ] ) ) {
			$found[ $name ] = array( spelled_name( $side, $row['child'] ), array(), spelled_name( $side, $row['parent'] ), array() );
		}
		$found[ $name ][1][] = $row['col'];
		$found[ $name ][3][] = $row['pointed'];
	}
	return array_values( $found );
}

/**
 * Items of which a row goes that rows point at which do not go along. When undoing, that is what the restore made; when applying, what it
 * deletes, of which the plan knows all but foreign keys.
 *
 * @param \mysqli $side  Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param bool    $undo  The direction.
 * @return array[] As from find_drift(), why: needed.
 */
function find_dependents( $side, $id, array $shape, $undo ) {
	return find_pointing( $side, $id, $shape, $undo, $undo ? known_references() : array(), foreign_references( $side ), '' );
}

/**
 * Refuses where a row goes that somebody has a row point at by a foreign key since that was looked at. Who inserts one holds the row that it
 * points at until the end of their transaction (InnoDB, "FOREIGN KEY constraints: locking"), so that nobody can once the rows that go are locked.
 *
 * @param \mysqli $db    Connection of the transaction.
 * @param \mysqli $side  Another one.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param array   $work  As from prepare_batches().
 * @throws Refusal With "row_moved".
 */
function refuse_new_dependents( $db, $side, $id, array $shape, array $work ) {
	$going = array_filter(
		$work['steps'],
		function ( $step ) {
			return 'destroy' === $step['what'] && ! $step['sql']->table['plain'];
		}
	);
	if ( array() === $going ) {
		return;
	}
	$foreign = foreign_references( $side );
	$parents = array_column( $foreign, 2 );
	foreach ( $going as $step ) {
		if ( in_array( $step['sql']->table['name'], $parents, true ) ) {
			right_number( count_of( $db, $step['sql']->lock_rows() ), $step );
		}
	}
	$found = find_pointing( $db, $id, $shape, $work['undo'], array(), $foreign, ' LOCK IN SHARE MODE' );
	if ( array() !== $found ) {
		throw new Refusal( 'row_moved', 409, 'A row has come that points at one that goes.', array( 'table' => $found[0]['table'] ) );
	}
}

/**
 * Those that rows point at by some references.
 *
 * @param \mysqli $db      Connection.
 * @param string  $id      Restore.
 * @param array   $shape   As from kept_shape().
 * @param bool    $undo    The direction.
 * @param array[] $known   As from known_references().
 * @param array[] $foreign As from foreign_references().
 * @param string  $lock    What the SELECTs end with.
 * @return array[] As from find_dependents().
 */
function find_pointing( $db, $id, array $shape, $undo, array $known, array $foreign, $lock ) {
	$going = array_filter(
		$shape['batches'],
		function ( $batch ) use ( $undo ) {
			return ( $undo ? 'create' : 'destroy' ) === $batch['what'];
		}
	);
	$names = array_column( $shape['tables'], 'name' );
	$found = array();
	foreach ( array() === $going ? array() : array_merge( $known, $foreign ) as $place => $reference ) {
		list( $child, $columns, $parent, $pointed ) = $reference;
		// A row that is written back points there no more, but it is written after others went: a foreign key would not wait for that.
		$kinds = $undo ? array( 'create', 'add' ) : array( 'destroy', 'remove' );
		$kinds = $place < count( $known ) ? array_merge( $kinds, array( 'update' ) ) : $kinds;
		$some  = isset( $reference[4] ) ? ' AND ' . $reference[4] : '';
		$at    = array_search( $parent, $names, true );
		if ( false === $at || array() !== array_diff( $pointed, array_keys( $shape['tables'][ $at ]['columns'] ) ) ) {
			continue;
		}
		foreach ( $going as $number => $batch ) {
			if ( $batch['table'] === $at ) {
				$child_at = array_search( $child, $names, true );
				$goes     = false === $child_at ? '' : goes_too_sql( $id, $shape, $child_at, $kinds, $columns );
				$sql      = dependents_sql( new Batch_Sql( $id, $shape, $number, $undo ), $child, array_combine( $columns, $pointed ) );
				foreach ( fetch_all( $db, $sql . $some . $goes . $lock ) as $row ) {
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
 * The SELECT for one reference: the items of which rows go that are pointed at.
 *
 * @param Batch_Rows            $sql     The batch of the rows that go.
 * @param string                $child   Table that points.
 * @param array<string, string> $columns What its columns point at.
 */
function dependents_sql( Batch_Rows $sql, $child, array $columns ) {
	global $wpdb;
	list( $from, $where ) = explode( ' WHERE ', strstr( $sql->count_rows(), ' FROM ' ), 2 );
	$points = array();
	foreach ( $columns as $column => $pointed ) {
		$points[] = 'c.' . quote_name( $column ) . " = {$sql->cells}." . quote_name( $pointed );
	}
	// WordPress itself makes revisions of what is looked at in the editor; they go with their post.
	$real = $child === $wpdb->posts ? " AND c.post_type <> 'revision'" : '';
	return "SELECT DISTINCT b.wpclone_item AS n$from JOIN " . quote_name( $child ) . ' c ON ' . implode( ' AND ', $points ) . " WHERE $where$real";
}

/**
 * The condition that a row of the table that points (c) does not go too, nor is written back.
 *
 * @param string   $id      Restore.
 * @param array    $shape   As from kept_shape().
 * @param int      $at      Number of the table in the restore.
 * @param string[] $kinds   What batches do with rows that point no more.
 * @param string[] $columns The columns that point.
 */
function goes_too_sql( $id, array $shape, $at, array $kinds, array $columns ) {
	$ways   = array();
	$prefix = restore_prefix( $id );
	foreach ( $shape['batches'] as $number => $batch ) {
		$other = 'update' === $batch['what'] && array() === array_intersect( $columns, $batch['columns'] );
		if ( $batch['table'] !== $at || $other || ! in_array( $batch['what'], $kinds, true ) || array() === $shape['tables'][ $at ]['key'] ) {
			continue;
		}
		$cells = in_array( $batch['what'], array( 'create', 'add' ), true ) ? 'cn' : 'cb';
		$same  = array( 'cb.wpclone_batch = ' . (int) $number );
		foreach ( $shape['tables'][ $at ]['key'] as $name ) {
			$same[] = "$cells." . quote_name( $name ) . ' = c.' . quote_name( $name );
		}
		$ways[] = implode( ' AND ', $same );
	}
	if ( array() === $ways ) {
		return '';
	}
	return ' AND NOT EXISTS (SELECT 1 FROM ' . quote_name( $prefix . 'b' . $at ) . ' cb LEFT JOIN ' . quote_name( $prefix . 'n' . $at ) . ' cn ON cn.wpclone_seq = cb.wpclone_seq JOIN ' . quote_name( $prefix . 'u' ) . ' cu ON cu.n = cb.wpclone_item AND cu.chosen = 1 WHERE (' . implode( ') OR (', $ways ) . '))';
}
