<?php
/**
 * The tables that a restore changes, as they are now, and its own tables beside each: `b` with a row for each change and the cells as
 * they were, `n` with the cells as they shall be. Columns have live's own types, so that what fits there fits live.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Types whose values are compared by their bytes; all others by the server's own comparison, which is exact for them. */
const COMPARED_BY_BYTES = '/^(char|varchar|tinytext|text|mediumtext|longtext|binary|varbinary|tinyblob|blob|mediumblob|longblob|enum|set)\b/';

/** Types that cannot be compared for sure. */
const INCOMPARABLE = '/^(geometry|point|linestring|polygon|multi|geom|vector)/';

/**
 * The columns of a table that can be written.
 *
 * @param \mysqli $db    Connection.
 * @param string  $table Table.
 * @return array<string, array> By name: name, type, charset, collation, nullable, counts, stamped (sets itself with each UPDATE).
 */
function shaped_columns( $db, $table ) {
	return with_text(
		$db,
		function () use ( $db, $table ) {
			$columns = array();
			foreach ( fetch_all( $db, 'SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation, IS_NULLABLE AS nullable, EXTRA AS extra FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ' . quote_text( $db, $table ) . ' ORDER BY ORDINAL_POSITION' ) as $row ) {
				$extra = strtolower( (string) $row['extra'] );
				if ( 1 === preg_match( '/\b(virtual|stored|persistent)\b/', $extra ) ) {
					continue;
				}
				$columns[ $row['name'] ] = array(
					'name'      => $row['name'],
					'type'      => $row['type'],
					'charset'   => $row['charset'],
					'collation' => $row['collation'],
					'nullable'  => 'YES' === $row['nullable'],
					'counts'    => false !== strpos( $extra, 'auto_increment' ),
					'stamped'   => false !== strpos( $extra, 'on update' ),
				);
			}
			return $columns;
		}
	);
}

/**
 * The columns that make the rows of a table unique: of each such key.
 *
 * @param \mysqli $db    Connection.
 * @param string  $table Table.
 * @return array<string, string[]>
 */
function unique_keys( $db, $table ) {
	$keys = array();
	foreach ( fetch_all( $db, 'SHOW INDEX FROM ' . quote_name( $table ) ) as $part ) {
		if ( 0 === (int) $part['non_unique'] && null !== $part['column_name'] ) {
			$keys[ $part['key_name'] ][] = null === $part['sub_part'] ? quote_name( $part['column_name'] ) : array( quote_name( $part['column_name'] ), (int) $part['sub_part'] );
		}
	}
	return $keys;
}

/**
 * Makes the two tables for one table of the site, and nothing else of it.
 *
 * @param \mysqli $db      Connection.
 * @param string  $id      Restore.
 * @param int     $number  Which of its tables.
 * @param array[] $columns As from shaped_columns().
 */
function create_stage_tables( $db, $id, $number, array $columns ) {
	$cells = array();
	foreach ( $columns as $column ) {
		$text    = null === $column['charset'] ? '' : ' CHARACTER SET ' . $column['charset'] . ' COLLATE ' . $column['collation'];
		$cells[] = quote_name( $column['name'] ) . ' ' . $column['type'] . $text . ' NULL' . ( 0 === stripos( $column['type'], 'timestamp' ) ? ' DEFAULT NULL' : '' );
	}
	$cells  = implode( ', ', $cells );
	$before = quote_name( restore_prefix( $id ) . 'b' . $number );
	$new    = quote_name( restore_prefix( $id ) . 'n' . $number );
	with_text(
		$db,
		function () use ( $db, $before, $new, $cells ) {
			run_query(
				$db,
				"CREATE TABLE $before (wpclone_seq BIGINT UNSIGNED NOT NULL PRIMARY KEY, wpclone_batch INT UNSIGNED NOT NULL, wpclone_item INT UNSIGNED NOT NULL,
				wpclone_from INT UNSIGNED NOT NULL, wpclone_to INT UNSIGNED NOT NULL, wpclone_did TINYINT NOT NULL DEFAULT 1, $cells, KEY wpclone_batch (wpclone_batch, wpclone_seq)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC"
			);
			run_query( $db, "CREATE TABLE $new (wpclone_seq BIGINT UNSIGNED NOT NULL PRIMARY KEY, $cells) ENGINE=InnoDB ROW_FORMAT=DYNAMIC" );
		}
	);
}

/**
 * Makes the table of a restore's items (what people see as one thing; whether it is being worked on; whether it was undone), that of the
 * parts that came, and that of the additions to tables that were begun.
 *
 * @param \mysqli $db Connection.
 * @param string  $id Restore.
 */
function create_item_tables( $db, $id ) {
	run_query( $db, 'CREATE TABLE ' . quote_name( restore_prefix( $id ) . 'u' ) . ' (n INT UNSIGNED NOT NULL PRIMARY KEY, id VARBINARY(1024) NOT NULL, title BLOB NOT NULL, chosen TINYINT NOT NULL DEFAULT 1, undone TINYINT NOT NULL DEFAULT 0) ENGINE=InnoDB' );
	$parts = quote_name( restore_prefix( $id ) . 'p' );
	run_query( $db, "CREATE TABLE $parts (n INT UNSIGNED NOT NULL PRIMARY KEY, sha256 CHAR(64) CHARACTER SET ascii NOT NULL) ENGINE=InnoDB" );
	run_query( $db, 'CREATE TABLE ' . quote_name( restore_prefix( $id ) . 's' ) . ' (n INT UNSIGNED NOT NULL PRIMARY KEY) ENGINE=InnoDB' );
	// Who holds this row is the one who writes: GET_LOCK is none on a cluster.
	run_query( $db, "INSERT INTO $parts (n, sha256) VALUES (0, '')" );
}

/**
 * Whether a table's engine keeps transactions.
 *
 * @param \mysqli $db     Connection.
 * @param string  $engine Engine.
 */
function keeps_transactions( $db, $engine ) {
	static $able = null;
	if ( null === $able ) {
		$able = array();
		foreach ( fetch_all( $db, 'SELECT ENGINE AS name, TRANSACTIONS AS able FROM information_schema.ENGINES' ) as $row ) {
			$able[ strtolower( $row['name'] ) ] = 'YES' === strtoupper( (string) $row['able'] );
		}
	}
	// Aria says that it does, of its own tables only.
	return ! empty( $able[ strtolower( $engine ) ] ) && 'aria' !== strtolower( $engine );
}
