<?php
/**
 * What a host lets us do is found out by doing it, to a table of our own.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Tries out what a restore needs.
 *
 * @param \mysqli $db Connection.
 * @param string  $id Restore.
 * @return array What the client should know of the host.
 * @throws Refusal Named after what cannot be done.
 */
function probe_host( $db, $id ) {
	$one = quote_name( restore_prefix( $id ) . 'probe' );
	$two = quote_name( restore_prefix( $id ) . 'probed' );
	try_out( $db, 'no_create', 'create tables', "CREATE TABLE $one (n INT NOT NULL PRIMARY KEY) ENGINE=InnoDB" );
	$engine = fetch_all( $db, 'SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ' . quote_text( $db, restore_prefix( $id ) . 'probe' ) );
	$renames = false !== mysqli_query( $db, "RENAME TABLE $one TO $two" );
	try_out( $db, 'no_drop', 'drop tables', 'DROP TABLE ' . ( $renames ? $two : $one ) );
	if ( ! isset( $engine[0] ) || 'innodb' !== strtolower( (string) $engine[0]['engine'] ) ) {
		throw new Refusal( 'no_innodb', 409, 'The database has no InnoDB, without which nothing can be taken back when it fails in the middle.' );
	}
	$rows = fetch_all( $db, 'SELECT VERSION() AS version, @@innodb_autoinc_lock_mode AS autoinc, @@binlog_format AS binlog, @@max_allowed_packet AS packet' );
	return array(
		'version'       => $rows[0]['version'],
		'autoincMode'   => (int) $rows[0]['autoinc'],
		'binlogFormat'  => (string) $rows[0]['binlog'],
		'packetBytes'   => (int) $rows[0]['packet'],
		'renames'       => $renames,
		'objectCache'   => wp_using_ext_object_cache() ? probe_cache() : 'none',
		'seconds'       => (int) ini_get( 'max_execution_time' ),
	);
}

/**
 * Runs a statement of a probe.
 *
 * @param \mysqli $db     Connection.
 * @param string  $reason Of the refusal.
 * @param string  $what   What the database user may not.
 * @param string  $sql    Statement.
 * @throws Refusal When it fails.
 */
function try_out( $db, $reason, $what, $sql ) {
	if ( false === mysqli_query( $db, $sql ) ) {
		throw new Refusal( $reason, 409, "The database user of the site may not $what (error " . mysqli_errno( $db ) . ').' );
	}
}

/**
 * Whether the site's object cache can be emptied: pages would go on showing what was replaced.
 *
 * @return string "flushes", or "keeps" when what was put into it is still there after it was emptied.
 */
function probe_cache() {
	wp_cache_set( 'wpclone_probe', 'here', 'options' );
	wp_cache_flush();
	return 'here' === wp_cache_get( 'wpclone_probe', 'options', true ) ? 'keeps' : 'flushes';
}

/**
 * Names of those of some tables that have triggers, which fire when rows are written.
 *
 * @param \mysqli  $db     Connection.
 * @param string[] $tables Names.
 */
function triggers_on( $db, array $tables ) {
	$found = array();
	foreach ( fetch_all( $db, 'SELECT DISTINCT EVENT_OBJECT_TABLE AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()' ) as $row ) {
		$found[] = spelled_name( $db, $row['name'] );
	}
	return array_values( array_intersect( $tables, $found ) );
}
