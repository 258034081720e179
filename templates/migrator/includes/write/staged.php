<?php
/**
 * A stage that goes on: its key ran out, or whoever brought it was cut off. What is there already is not brought twice.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/shape.php';
require_once __DIR__ . '/file-facts.php';

/**
 * The shape of a restore that was begun with the very same request, by the same person, and is still whole.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @param string  $asked   Digest of the request.
 * @return array|null As from kept_shape(); null where there is none.
 */
function same_stage( $db, array $restore, $asked ) {
	$shape = json_decode( $restore['shape'], true );
	if ( ! in_array( $restore['state'], array( 'begun', 'sealed' ), true ) || ! isset( $shape['asked'] ) || $shape['asked'] !== $asked . ' ' . $restore['user_id'] ) {
		return null;
	}
	if ( has_files( $shape ) && null === restore_folder( $restore ) ) {
		return null;
	}
	try {
		return kept_shape( $db, $restore );
	} catch ( Refusal $refusal ) {
		// A table is another by now: whoever begins anew is told which.
		return null;
	}
}

/**
 * What is there of a stage.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @return array{parts: array[], whole: array[], begun: array[]} Number and digest of each part; first and last number of files that are whole; number and bytes of files that are not.
 */
function staged_so_far( $db, $id, array $shape ) {
	$parts = array();
	foreach ( fetch_all( $db, 'SELECT n, sha256 FROM ' . quote_name( restore_prefix( $id ) . 'p' ) . ' WHERE n > 0 ORDER BY n' ) as $row ) {
		$parts[] = array( (int) $row['n'], $row['sha256'] );
	}
	$whole = array();
	$begun = array();
	if ( has_files( $shape ) ) {
		$folder = uploads_base() . '/' . $shape['files']['folder'];
		clearstatcache();
		foreach ( fetch_all( $db, 'SELECT * FROM ' . files_table( $id ) . ' ORDER BY n' ) as $file ) {
			$n    = (int) $file['n'];
			$path = $folder . '/n' . $n;
			if ( '1' === $file['whole'] && is_kept( $folder, $file, false ) ) {
				$last = count( $whole ) - 1;
				if ( $last >= 0 && $whole[ $last ][1] === $n - 1 ) {
					$whole[ $last ][1] = $n;
				} else {
					$whole[] = array( $n, $n );
				}
			} elseif ( '1' !== $file['whole'] && is_file( $path ) ) {
				$begun[] = array( $n, (int) filesize( $path ) );
			}
		}
	}
	return array(
		'parts' => $parts,
		'whole' => $whole,
		'begun' => $begun,
	);
}
