<?php
/**
 * After the rows: what WordPress counts is counted anew, its caches are emptied, and its rules for addresses are made anew with the next page.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Taxonomies of links, and of terms (src/restore/merge/relations.ts of wpclone has the same). */
const NOT_OF_POSTS = array( 'link_category', 'term_language', 'term_translations' );

/** Numbers in one statement. */
const COUNTED_AT_ONCE = 500;

/** What a builder of pages keeps of a post as it was rendered (src/restore/merge/never.ts of wpclone has the same). */
const RENDERINGS = array( '_elementor_css', '_elementor_element_cache', '_elementor_page_assets' );

/** The same for all pages, among the options: what names begin with. */
const COMMON_RENDERINGS = array( '_elementor_global_css', '_elementor_assets_data', '_elementor_design_system_sync_css_meta', 'elementor_atomic_cache_validity' );

/** What shops keep of products as transients, which may go at any time (WC_Cache_Helper, wc_delete_product_transients()). */
const PRODUCT_CACHES = array( 'wc\_product\_children\_%', 'wc\_var\_prices\_%', 'wc\_related\_%', 'wc\_product\_loop%', 'wc\_layered\_nav\_counts%', 'wc\_products\_onsale', 'wc\_featured\_products', 'wc\_term\_counts', 'product%-transient-version' );

/**
 * Answers "settle". It may be asked for as often as one likes.
 *
 * @param array   $request Nothing.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 */
function settle_site( array $request, array $restore, $db ) {
	$shape    = json_decode( $restore['shape'], true );
	$recounts = $shape['recounts'];
	recount_terms( $db, $recounts['terms'] );
	recount_comments( $db, $recounts['comments'] );
	// A restore that an older version of this plugin has begun has none of these two.
	$statuses = isset( $recounts['statuses'] ) ? $recounts['statuses'] : array();
	$rendered = isset( $recounts['rendered'] ) ? $recounts['rendered'] : array();
	settle_statuses( $db, $statuses );
	drop_renderings( $db, $rendered );
	if ( $statuses || $rendered || $recounts['rewriteRules'] ) {
		drop_product_caches( $db );
	}
	if ( $recounts['rewriteRules'] ) {
		run_query( $db, 'DELETE FROM ' . quote_name( $GLOBALS['wpdb']->options ) . " WHERE option_name = 'rewrite_rules'" );
	}
	answer_write( array( 'flushed' => flush_caches() ) );
}

/**
 * Empties what is kept beside the database. Code of the site does that: where it breaks, what was written stays written.
 *
 * @return bool Whether it says that it did.
 */
function flush_caches() {
	try {
		return (bool) wp_cache_flush();
	} catch ( \Throwable $e ) {
		error_log( 'wpclone migrator: the object cache was not emptied: ' . $e->getMessage() );
		return false;
	}
}

/**
 * Counts the posts of terms as WordPress does: those that are published, and attachments of those that are.
 *
 * @param \mysqli $db    Connection.
 * @param int[]   $terms term_taxonomy_id of each.
 */
function recount_terms( $db, array $terms ) {
	global $wpdb;
	$posts  = quote_name( $wpdb->posts );
	$public = "(p.post_status = 'publish' OR (p.post_type = 'attachment' AND p.post_status = 'inherit' AND (p.post_parent = 0 OR EXISTS (SELECT 1 FROM $posts o WHERE o.ID = p.post_parent AND o.post_status = 'publish'))))";
	foreach ( array_chunk( $terms, COUNTED_AT_ONCE ) as $chunk ) {
		run_query(
			$db,
			'UPDATE ' . quote_name( $wpdb->term_taxonomy ) . ' t SET t.count = (SELECT COUNT(*) FROM ' . quote_name( $wpdb->term_relationships ) . " r JOIN $posts p ON p.ID = r.object_id WHERE r.term_taxonomy_id = t.term_taxonomy_id AND $public) WHERE t.taxonomy NOT IN ('" . implode( "', '", NOT_OF_POSTS ) . "') AND t.term_taxonomy_id IN (" . implode( ', ', array_map( 'intval', $chunk ) ) . ')'
		);
	}
	leave_to_plugins( $db, $terms );
}

/**
 * Notes terms of plugins' taxonomies, which may count more than WordPress does: plugins have not registered them yet where this runs, but will
 * have with the next page (count_for_plugins()).
 *
 * @param \mysqli $db    Connection.
 * @param int[]   $terms term_taxonomy_id of each.
 */
function leave_to_plugins( $db, array $terms ) {
	$uncounted = json_decode( (string) get_option( UNCOUNTED, '' ), true );
	$uncounted = is_array( $uncounted ) ? $uncounted : array();
	foreach ( array_chunk( $terms, COUNTED_AT_ONCE ) as $chunk ) {
		$rows = fetch_all( $db, 'SELECT term_taxonomy_id AS id, taxonomy FROM ' . quote_name( $GLOBALS['wpdb']->term_taxonomy ) . ' WHERE term_taxonomy_id IN (' . implode( ', ', array_map( 'intval', $chunk ) ) . ')' );
		foreach ( $rows as $row ) {
			if ( ! taxonomy_exists( $row['taxonomy'] ) ) {
				$uncounted[ $row['taxonomy'] ][] = (int) $row['id'];
			}
		}
	}
	if ( $uncounted ) {
		update_option( UNCOUNTED, wp_json_encode( $uncounted ), true );
	}
}

/**
 * Does what WordPress does when a post gets another status: its terms are counted anew, and one that waits for its time is put down for it.
 *
 * @param \mysqli $db    Connection.
 * @param int[]   $posts IDs.
 */
function settle_statuses( $db, array $posts ) {
	global $wpdb;
	foreach ( array_chunk( $posts, COUNTED_AT_ONCE ) as $chunk ) {
		$list  = '(' . implode( ', ', array_map( 'intval', $chunk ) ) . ')';
		$terms = fetch_all( $db, 'SELECT DISTINCT term_taxonomy_id AS id FROM ' . quote_name( $wpdb->term_relationships ) . " WHERE object_id IN $list" );
		recount_terms( $db, array_column( $terms, 'id' ) );
		foreach ( fetch_all( $db, 'SELECT ID AS id, post_date_gmt AS time FROM ' . quote_name( $wpdb->posts ) . " WHERE post_status = 'future' AND ID IN $list" ) as $post ) {
			$arguments = array( (int) $post['id'] );
			wp_clear_scheduled_hook( 'publish_future_post', $arguments );
			wp_schedule_single_event( strtotime( $post['time'] . ' GMT' ), 'publish_future_post', $arguments );
		}
	}
}

/**
 * Drops what was rendered of posts: no hook has told the builder that they were written, and visitors would see the former page.
 *
 * @param \mysqli $db    Connection.
 * @param int[]   $posts IDs.
 */
function drop_renderings( $db, array $posts ) {
	foreach ( array_chunk( $posts, COUNTED_AT_ONCE ) as $chunk ) {
		run_query(
			$db,
			'DELETE FROM ' . quote_name( $GLOBALS['wpdb']->postmeta ) . ' WHERE post_id IN (' . implode( ', ', array_map( 'intval', $chunk ) ) . ") AND meta_key IN ('" . implode( "', '", RENDERINGS ) . "')"
		);
	}
	if ( $posts ) {
		foreach ( COMMON_RENDERINGS as $name ) {
			run_query( $db, 'DELETE FROM ' . quote_name( $GLOBALS['wpdb']->options ) . " WHERE option_name LIKE '" . str_replace( '_', '\\_', $name ) . "%'" );
		}
	}
}

/**
 * Drops what a shop has put together of its products: a new variation or price would show when that has run out, days later.
 *
 * @param \mysqli $db Connection.
 */
function drop_product_caches( $db ) {
	foreach ( PRODUCT_CACHES as $name ) {
		run_query( $db, 'DELETE FROM ' . quote_name( $GLOBALS['wpdb']->options ) . " WHERE option_name LIKE '\\_transient\\_$name' OR option_name LIKE '\\_transient\\_timeout\\_$name'" );
	}
}

/**
 * Counts the approved comments of posts.
 *
 * @param \mysqli $db    Connection.
 * @param int[]   $posts IDs.
 */
function recount_comments( $db, array $posts ) {
	global $wpdb;
	foreach ( array_chunk( $posts, COUNTED_AT_ONCE ) as $chunk ) {
		run_query(
			$db,
			'UPDATE ' . quote_name( $wpdb->posts ) . ' p SET p.comment_count = (SELECT COUNT(*) FROM ' . quote_name( $wpdb->comments ) . " c WHERE c.comment_post_ID = p.ID AND c.comment_approved = '1') WHERE p.ID IN (" . implode( ', ', array_map( 'intval', $chunk ) ) . ')'
		);
	}
}
