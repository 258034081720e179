<?php
/**
 * Whether files are still what they are thought to be.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/files.php';
require_once __DIR__ . '/code-paths.php';

/**
 * What tells a file from one that was changed or replaced.
 *
 * @param string $path Path.
 * @return string "none" when there is none.
 */
function facts_of( $path ) {
	clearstatcache( true, $path );
	$stat = file_exists( $path ) || is_link( $path ) ? lstat( $path ) : false;
	return false === $stat ? 'none' : implode( ':', array( $stat['size'], $stat['mtime'], $stat['ctime'], $stat['ino'] ) );
}

/**
 * Facts as they are noted. Times are whole seconds: a file that was changed just now may be changed once more without that they tell. So
 * nothing is noted of it, and whoever moves it reads it once more.
 *
 * @param string $facts As from facts_of().
 * @return string
 */
function settled_facts( $facts ) {
	$parts = explode( ':', $facts );
	return 'none' === $facts || max( (int) $parts[1], (int) $parts[2] ) < time() - 1 ? $facts : '';
}

/**
 * The facts of a file that holds what it is thought to hold.
 *
 * @param string      $path   Path.
 * @param string|null $sha256 What it should hold; null: it should not be there.
 * @param string      $known  Facts under which it is known to.
 * @return string|null Null when it holds something else.
 */
function facts_of_unchanged( $path, $sha256, $known = '' ) {
	$facts = facts_of( $path );
	if ( null === $sha256 || 'none' === $facts ) {
		return null === $sha256 && 'none' === $facts ? $facts : null;
	}
	if ( $facts === $known ) {
		return $facts;
	}
	return is_file( $path ) && ! is_link( $path ) && hash_file( 'sha256', $path ) === $sha256 && facts_of( $path ) === $facts ? $facts : null;
}

/**
 * Files of chosen items that are not what they are thought to be. The facts of all others are noted: whoever moves them compares those.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @param bool    $undo  The direction.
 * @return array[] As from find_drift().
 * @throws Refusal When one may not be written, or what was staged of it is gone.
 */
function find_file_drift( $db, $id, array $shape, $undo ) {
	$found = array();
	if ( ! has_files( $shape ) ) {
		return $found;
	}
	$base   = uploads_base();
	$folder = $base . '/' . $shape['files']['folder'];
	foreach ( restore_files( $db, $id, 'u.chosen = 1' ) as $file ) {
		try {
			list( , $live ) = file_place( $base, $file['path'] );
		} catch ( Refusal $refusal ) {
			if ( ! $undo ) {
				throw $refusal;
			}
			// Somebody has put a link or a folder there since: everything else can be undone.
			$found[] = array( 'why' => 'changed' ) + drifted_file( $file, null, $file['sha_to'] );
			continue;
		}
		$expected = $undo ? $file['sha_to'] : $file['sha_from'];
		$lost     = ! is_kept( $folder, $file, $undo );
		$facts    = $undo && $lost ? null : facts_of_unchanged( $live, $expected, $undo ? '' : $file['facts'] );
		if ( null === $facts ) {
			$found[] = $undo && $lost ? array( 'why' => 'gone' ) + drifted_file( $file, $live, null ) : drifted_file( $file, $live, $expected );
		} elseif ( $lost ) {
			throw about_file( 'files_gone', $file['path'], 'What was staged of a file is gone.' );
		} elseif ( settled_facts( $facts ) !== $file['facts'] ) {
			run_query( $db, 'UPDATE ' . files_table( $id ) . ' SET facts = ' . quote_text( $db, settled_facts( $facts ) ) . ' WHERE n = ' . (int) $file['n'] );
		}
	}
	return $found;
}

/**
 * Whether the restore's folder holds what is to be put in place of a file. Somebody may have cleared it away: where nothing is, whoever moves
 * the file takes it for moved.
 *
 * @param string $folder The restore's folder.
 * @param array  $file   Row.
 * @param bool   $undo   The direction.
 */
function is_kept( $folder, array $file, $undo ) {
	if ( is_relied_on( $file ) ) {
		return is_dir( $folder );
	}
	$digest = $undo ? $file['sha_from'] : $file['sha_to'];
	$path   = $folder . '/' . ( $undo ? 'o' : 'n' ) . $file['n'];
	if ( null === $digest || ! is_file( $path ) ) {
		return null === $digest && is_dir( $folder );
	}
	return $undo || filesize( $path ) === (int) $file['size'];
}

/**
 * Whether a file only has to be what it is: the rest of what it belongs to was made for it.
 *
 * @param array $file Row.
 */
function is_relied_on( array $file ) {
	return null !== $file['sha_to'] && $file['sha_from'] === $file['sha_to'];
}

/**
 * A file that is not what it was, as find_drift() has it.
 *
 * @param array       $file     Row.
 * @param string|null $live     Full path; null where there can be none.
 * @param string|null $expected What should be there; null for nothing.
 */
function drifted_file( array $file, $live, $expected ) {
	return array(
		'n'     => (int) $file['item'],
		'table' => shown_path( $file['path'] ),
		'why'   => null !== $live && 'none' === facts_of( $live ) ? 'gone' : ( null === $expected ? 'taken' : 'changed' ),
	);
}

/**
 * One that is not what it was when the plan was made, as a refusal.
 *
 * @param \mysqli $db   Connection.
 * @param string  $id   Restore.
 * @param array   $file Row.
 * @param string  $live Full path.
 */
function file_drift( $db, $id, array $file, $live ) {
	return new Refusal( 'drift', 409, 'The live site has changed since the plan was made.', array( 'drift' => name_items( $db, $id, array( drifted_file( $file, $live, $file['sha_from'] ) ) ) ) );
}
