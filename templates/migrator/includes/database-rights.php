<?php
/**
 * What the database does not let a restore do, as far as it says so: a plan names it, and only reads.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/database.php';

/** Without these no restore can be staged. */
const NEEDED_RIGHTS = array( 'CREATE', 'DROP' );

/** GRANT or REVOKE, its rights, its database and its table. */
const GRANTED = '/^(GRANT|REVOKE) (.+?) ON (?:TABLE )?(\*|[`"](?:[^`"]|``|"")+[`"])\.(\*|[`"].*?[`"])(?: TO| FROM)\b/i';

/**
 * What is missing: rights that the database user has not, and INNODB.
 *
 * @param \mysqli $db Connection.
 * @return string[]
 */
function missing_in_database( $db ) {
	$missing = array_diff( NEEDED_RIGHTS, rights_of_user( $db ) );
	// phpcs:ignore WordPress.DB.RestrictedFunctions -- a connection of our own.
	$engines = mysqli_query( $db, "SELECT 1 FROM information_schema.ENGINES WHERE ENGINE = 'InnoDB' AND SUPPORT IN ('YES', 'DEFAULT')" );
	if ( $engines instanceof \mysqli_result && null === $engines->fetch_row() ) {
		$missing[] = 'INNODB';
	}
	return array_values( $missing );
}

/**
 * Those of the needed rights that the user has, or may have: where it is not told, or rights come by a role, only trying shows it.
 *
 * @param \mysqli $db Connection.
 * @return string[]
 */
function rights_of_user( $db ) {
	// phpcs:ignore WordPress.DB.RestrictedFunctions -- a connection of our own.
	$grants = mysqli_query( $db, 'SHOW GRANTS' );
	if ( ! $grants instanceof \mysqli_result ) {
		return NEEDED_RIGHTS;
	}
	$own = array();
	while ( null !== ( $row = $grants->fetch_row() ) ) { // phpcs:ignore Generic.CodeAnalysis.AssignmentInCondition
		if ( 1 !== preg_match( '/ ON /i', $row[0] ) ) {
			return NEEDED_RIGHTS;
		}
		if ( 1 !== preg_match( GRANTED, $row[0], $parts ) || '*' !== $parts[4] || ! is_pattern_of( $parts[3], DB_NAME ) ) {
			continue;
		}
		$named = array_map( 'trim', explode( ',', strtoupper( $parts[2] ) ) );
		$named = array() === array_intersect( array( 'ALL', 'ALL PRIVILEGES' ), $named ) ? $named : NEEDED_RIGHTS;
		$own   = 'GRANT' === strtoupper( $parts[1] ) ? array_merge( $own, $named ) : array_diff( $own, $named );
	}
	return array_intersect( NEEDED_RIGHTS, $own );
}

/**
 * Whether a database of a grant is that of the site: its name may be a pattern as of LIKE.
 *
 * @param string $quoted As the server writes it.
 * @param string $name   Name of the database.
 */
function is_pattern_of( $quoted, $name ) {
	if ( '*' === $quoted ) {
		return true;
	}
	$quote   = $quoted[0];
	$pattern = str_replace( $quote . $quote, $quote, substr( $quoted, 1, -1 ) );
	$regex   = preg_replace_callback(
		'/\\\\(.)|([%_])|([^\\\\%_]+)/s',
		function ( $part ) {
			if ( isset( $part[3] ) || '' !== $part[1] ) {
				return preg_quote( isset( $part[3] ) ? $part[3] : $part[1], '/' );
			}
			return '%' === $part[2] ? '.*' : '.';
		},
		$pattern
	);
	return 1 === preg_match( '/^' . $regex . '$/Dis', $name );
}
