<?php
/**
 * Where a restore stands. The receipt is the one truth about it.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/transaction.php';
require_once __DIR__ . '/apply.php';

/**
 * Answers "status". A write that was cut off is brought to its end first.
 *
 * @param array   $request items: whether to name them.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 */
function tell_status( array $request, array $restore, $db ) {
	$id     = $restore['id'];
	$staged = ! in_array( $restore['state'], array( 'new', 'undone', 'accepted' ), true );
	if ( '' !== $restore['pending'] ) {
		heal( $restore );
	}
	$answer = read_receipt( $db, $id ) + array(
		'made'    => (int) $restore['made'],
		'include' => $restore['include'],
		'parts'   => $staged ? array_map( 'intval', array_column( fetch_all( $db, 'SELECT n FROM ' . quote_name( restore_prefix( $id ) . 'p' ) . ' WHERE n > 0 ORDER BY n' ), 'n' ) ) : array(),
		'bytes'   => kept_bytes( $db, $id ) + folder_bytes( $restore ),
	);
	if ( ! empty( $request['items'] ) && $staged ) {
		$answer['items'] = told_items( $db, $id );
	}
	answer_write( $answer );
}

/**
 * Bytes that the tables of a restore take.
 *
 * @param \mysqli $db Connection.
 * @param string  $id Restore.
 */
function kept_bytes( $db, $id ) {
	$like = quote_text( $db, addcslashes( restore_prefix( $id ), '_%\\' ) . '%' );
	$rows = fetch_all( $db, "SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS bytes FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE $like" );
	return (int) $rows[0]['bytes'];
}

/**
 * The items of a restore: id and title in base64, whether each was undone.
 *
 * @param \mysqli $db Connection.
 * @param string  $id Restore.
 */
function told_items( $db, $id ) {
	$items = array();
	foreach ( fetch_all( $db, 'SELECT id, title, undone FROM ' . quote_name( restore_prefix( $id ) . 'u' ) . ' ORDER BY n' ) as $row ) {
		$items[] = array(
			'item'   => base64_encode( $row['id'] ),
			'title'  => base64_encode( $row['title'] ),
			'undone' => '1' === $row['undone'],
		);
	}
	return $items;
}
