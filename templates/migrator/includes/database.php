<?php
/**
 * A database connection of our own: WordPress' one buffers whole results and converts text.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/**
 * Connects as WordPress does.
 *
 * @param string $names Character set of the session: "binary" hands stored bytes out as they are.
 * @param int    $flags Further ones of mysqli.
 * @return \mysqli
 * @throws Refusal When it cannot.
 */
function connect_database( $names, $flags = 0 ) {
	return connect_to( database_server(), $names, $flags );
}

/**
 * Where WordPress finds its database.
 *
 * @return array{0: string, 1: int|null, 2: string|null} Host, port, socket.
 */
function database_server() {
	global $wpdb;
	// A drop-in (db.php) may keep the site in SQLite; what DB_HOST says then is nobody's.
	if ( is_object( $wpdb->dbh ) && ! $wpdb->dbh instanceof \mysqli ) {
		throw new Refusal( 'other_database', 500, 'A drop-in of the site (db.php) keeps its content in another kind of database, by ' . get_class( $wpdb->dbh ) . '; only MySQL and MariaDB can be read.' );
	}
	$parsed = $wpdb->parse_db_host( DB_HOST );
	if ( ! $parsed ) {
		return array( DB_HOST, null, null );
	}
	list( $host, $port, $socket, $is_ipv6 ) = $parsed;
	return array( $is_ipv6 && extension_loaded( 'mysqlnd' ) ? "[$host]" : $host, $port ? (int) $port : null, $socket );
}

/**
 * Connects to a server, also before WordPress is there.
 *
 * @param array  $server As from database_server().
 * @param string $names  Character set of the session.
 * @param int    $flags  Further ones of mysqli.
 * @return \mysqli
 * @throws Refusal When it cannot.
 */
function connect_to( array $server, $names, $flags = 0 ) {
	list( $host, $port, $socket ) = $server;
	if ( ! function_exists( 'mysqli_init' ) ) {
		throw new Refusal( 'no_mysqli', 500, 'PHP lacks the mysqli extension.' );
	}
	mysqli_report( MYSQLI_REPORT_OFF );
	$db    = mysqli_init();
	$flags = $flags | ( defined( 'MYSQL_CLIENT_FLAGS' ) ? MYSQL_CLIENT_FLAGS : 0 );
	// phpcs:ignore WordPress.PHP.NoSilencedErrors -- the warning holds the user's name; the refusal does not.
	if ( ! @mysqli_real_connect( $db, $host, DB_USER, DB_PASSWORD, DB_NAME, $port, $socket, $flags ) ) {
		throw new Refusal( 'database_gone', 503, 'The database does not answer (' . mysqli_connect_errno() . ').' );
	}
	set_up_session( $db, $names );
	return $db;
}

/**
 * Makes results independent of the server's settings, and lets slow readers be slow, and read tables of any size: some hosts stop
 * whoever looks at more than so many rows (max_join_size). A table that somebody holds is waited for shorter than the client waits
 * for us: it asks again, and each time one more of the site's PHP processes would hang.
 *
 * @param \mysqli $db    Connection.
 * @param string  $names Character set.
 */
function set_up_session( $db, $names ) {
	run_query( $db, "SET NAMES $names" );
	$needed = "sql_mode = '', time_zone = '+00:00'";
	$wished = array( 'sql_quote_show_create = 1', 'net_write_timeout = 600', 'lock_wait_timeout = 30', 'sql_select_limit = DEFAULT', 'sql_big_selects = 1' );
	// Proxies before a server and servers of other makes know some of them only, and refuse all that are set at once then.
	if ( false === mysqli_query( $db, "SET SESSION $needed, " . implode( ', ', $wished ) ) ) {
		run_query( $db, "SET SESSION $needed" );
		foreach ( $wished as $wish ) {
			mysqli_query( $db, "SET SESSION $wish" );
		}
	}
	// One of them exists, by the server's kind; the other fails and may.
	mysqli_query( $db, 'SET SESSION max_statement_time = 0' );
	mysqli_query( $db, 'SET SESSION max_execution_time = 0' );
}

/**
 * Opens the snapshot that a whole answer reads from.
 *
 * @param \mysqli $db Connection.
 */
function start_snapshot( $db ) {
	run_query( $db, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ' );
	run_query( $db, 'START TRANSACTION WITH CONSISTENT SNAPSHOT' );
}

/**
 * Runs a statement.
 *
 * @param \mysqli $db   Connection.
 * @param string  $sql  Statement.
 * @param int     $mode MYSQLI_STORE_RESULT or MYSQLI_USE_RESULT.
 * @return \mysqli_result|true
 * @throws Refusal When the server refuses it.
 */
function run_query( $db, $sql, $mode = MYSQLI_STORE_RESULT ) {
	$result = mysqli_query( $db, $sql, $mode );
	if ( false === $result ) {
		throw database_refusal( mysqli_errno( $db ), mysqli_error( $db ) );
	}
	return $result;
}

/**
 * What a number of the database server means to the client. The server's text may hold data and is not sent, but for that of a
 * damaged table, which names the table.
 *
 * @param int    $number Error number.
 * @param string $words  The server's text.
 * @return Refusal
 */
function database_refusal( $number, $words = '' ) {
	// 2006, 2013 connection lost; 1053 shutdown; 1205, 1213 locks; 1412 definition changed during the snapshot; 1927, 1317 killed.
	$passing = in_array( $number, array( 2006, 2013, 1053, 1205, 1213, 1412, 1927, 1317 ), true );
	$damaged = in_array( $number, array( 126, 127, 130, 131, 132, 134, 141, 144, 145, 1016, 1017, 1033, 1034, 1035, 1194, 1195, 1712, 1877, 1932 ), true );
	$message = "The database answered with error $number" . ( $damaged && '' !== $words ? ': ' . substr( $words, 0, 500 ) : '' ) . '.';
	$fields  = array( 'number' => $number );
	// 28 of the system: no space left; 122: beyond the quota.
	if ( in_array( $number, array( 3, 20, 1021, 1026, 1114 ), true ) || 1 === preg_match( '/\berr(or|no|code)\W{1,3}(28|122)\b/i', $words ) ) {
		$message        = "The database of the site has no room: its disk is full, or its quota used up (error $number).";
		$fields['full'] = true;
	}
	return new Refusal( $passing ? 'database_gone' : 'table_failed', 500, $message, $fields );
}

/**
 * All rows of a small result, as lists.
 *
 * @param \mysqli $db  Connection.
 * @param string  $sql Statement.
 */
function fetch_all( $db, $sql ) {
	$result = run_query( $db, $sql );
	$rows   = array();
	while ( $row = mysqli_fetch_assoc( $result ) ) {
		$rows[] = array_change_key_case( $row );
	}
	mysqli_free_result( $result );
	return $rows;
}

/**
 * Quotes a name.
 *
 * @param string $name Of a table or column.
 */
function quote_name( $name ) {
	return '`' . str_replace( '`', '``', $name ) . '`';
}

/**
 * Quotes text for information_schema and SHOW; sql_mode is known, so backslashes escape.
 *
 * @param \mysqli $db   Connection.
 * @param string  $text Text.
 */
function quote_text( $db, $text ) {
	return "'" . mysqli_real_escape_string( $db, $text ) . "'";
}
