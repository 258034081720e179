<?php
/**
 * Files of a restore come in pieces, many small ones or one of a large one in a request, into the restore's own folder.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/shape.php';
require_once __DIR__ . '/drift.php';

/**
 * Lists files that are to come: number, item, path, SHA-256 of what the site has and of what it shall have (null for none), bytes. One
 * that has both alike is only relied on.
 *
 * @param \mysqli $db      Connection.
 * @param array   $restore Row.
 * @param array   $shape   As from kept_shape().
 * @param array   $files   As requested; paths in base64.
 * @throws Refusal When one may not be written.
 */
function stage_file_list( $db, array $restore, array $shape, array $files ) {
	$values = array();
	foreach ( $files as $file ) {
		$sound = is_array( $file ) && 6 === count( $file ) && has_files( $shape ) && (int) $file[0] > 0
			&& is_digest_or_none( $file[3] ) && is_digest_or_none( $file[4] ) && ( null !== $file[3] || null !== $file[4] );
		if ( ! $sound ) {
			throw misshapen();
		}
		list( $path ) = decoded_cells( array( $file[2] ), 1 );
		file_place( uploads_base(), (string) $path );
		refuse_forbidden_code( (string) $path, $restore );
		$digest = function ( $sha256 ) {
			return null === $sha256 ? 'NULL' : "'$sha256'";
		};
		$values[] = '(' . (int) $file[0] . ', ' . (int) $file[1] . ', ' . quote_text( $db, (string) $path ) . ', ' . $digest( $file[3] ) . ', ' . $digest( $file[4] ) . ', ' . max( 0, (int) $file[5] ) . ')';
	}
	foreach ( array_chunk( $values, STAGED_AT_ONCE ) as $chunk ) {
		run_query( $db, 'INSERT INTO ' . files_table( $restore['id'] ) . ' (n, item, path, sha_from, sha_to, size) VALUES ' . implode( ', ', $chunk ) );
	}
}

/**
 * Whether something is a digest in hex, or null.
 *
 * @param mixed $value Value.
 */
function is_digest_or_none( $value ) {
	return null === $value || ( is_string( $value ) && 1 === preg_match( '/^[0-9a-f]{64}$/D', $value ) );
}

/**
 * Answers "files". A piece may come again.
 *
 * @param array   $request pieces: [number, offset, base64]; a file that shall go has one empty piece.
 * @param array   $restore Row.
 * @param \mysqli $db      Connection.
 * @throws Refusal When it does not fit, or the live file is not what it was.
 */
function stage_files( array $request, array $restore, $db ) {
	$shape  = kept_shape( $db, $restore );
	$pieces = isset( $request['pieces'] ) && is_array( $request['pieces'] ) ? $request['pieces'] : array();
	if ( ! has_files( $shape ) ) {
		throw misshapen();
	}
	with_files_locked(
		$shape,
		function ( $base, $folder ) use ( $restore, $db, $pieces ) {
			// Whoever sealed it meanwhile has checked what was there.
			$now = find_restore( $restore['id'] );
			if ( null === $now || 'begun' !== $now['state'] ) {
				throw new Refusal( 'wrong_state', 409, 'The restore is not at that point.' );
			}
			foreach ( $pieces as $piece ) {
				stage_piece( $db, $restore['id'], $base, $folder, is_array( $piece ) ? array_values( $piece ) : array() );
			}
		}
	);
	answer_write( array( 'staged' => count( $pieces ) ) );
}

/**
 * Keeps one piece.
 *
 * @param \mysqli $db     Connection.
 * @param string  $id     Restore.
 * @param string  $base   Folder of the uploads.
 * @param string  $folder Folder of the restore.
 * @param array   $piece  Number, offset, bytes in base64.
 * @throws Refusal When it does not fit.
 */
function stage_piece( $db, $id, $base, $folder, array $piece ) {
	$sound = 3 === count( $piece ) && is_int( $piece[0] ) && is_int( $piece[1] ) && is_string( $piece[2] );
	$files = $sound ? fetch_all( $db, 'SELECT * FROM ' . files_table( $id ) . ' WHERE n = ' . $piece[0] ) : array();
	$bytes = $sound ? base64_decode( $piece[2], true ) : false;
	if ( false === $bytes || ! isset( $files[0] ) ) {
		throw misshapen();
	}
	$file = $files[0];
	if ( '1' === $file['whole'] ) {
		return;
	}
	list( $near, $live ) = file_place( $base, $file['path'] );
	if ( null !== $file['sha_to'] && ! is_relied_on( $file ) && ! append_piece( $folder . '/n' . $file['n'], $file, $piece[1], $bytes ) ) {
		return;
	}
	$facts = facts_of_unchanged( $live, $file['sha_from'] );
	if ( null === $facts ) {
		throw file_drift( $db, $id, $file, $live );
	}
	$folders = is_relied_on( $file ) ? 0 : refuse_unwritable( $near, $folder, $file['path'], $live );
	run_query( $db, 'UPDATE ' . files_table( $id ) . ' SET whole = 1, folders = ' . $folders . ', facts = ' . quote_text( $db, settled_facts( $facts ) ) . ' WHERE n = ' . (int) $file['n'] );
}

/**
 * Writes a piece where it belongs.
 *
 * @param string $path   Staged file.
 * @param array  $file   Row.
 * @param int    $offset Where the piece begins.
 * @param string $bytes  Piece.
 * @return bool Whether the file is whole.
 * @throws Refusal When it cannot be, or is another file than it should be.
 */
function append_piece( $path, array $file, $offset, $bytes ) {
	clearstatcache();
	$end = $offset + strlen( $bytes );
	$has = is_file( $path ) ? filesize( $path ) : 0;
	if ( $offset < 0 || $offset > $has || $end > (int) $file['size'] ) {
		throw misshapen();
	}
	// phpcs:disable WordPress.WP.AlternativeFunctions, WordPress.PHP.NoSilencedErrors -- exactly these bytes at exactly this place.
	$handle  = @fopen( $path, 'c' );
	$written = false !== $handle && ftruncate( $handle, $offset ) && 0 === fseek( $handle, $offset ) && @fwrite( $handle, $bytes ) === strlen( $bytes ) && @fflush( $handle );
	if ( false !== $handle ) {
		$written = @fclose( $handle ) && $written;
	}
	// phpcs:enable
	if ( ! $written ) {
		throw new Refusal( 'no_space', 409, 'The site could not keep a file: its disk is full, or its quota used up.' );
	}
	if ( $end < (int) $file['size'] ) {
		return false;
	}
	if ( hash_file( 'sha256', $path ) !== $file['sha_to'] ) {
		unlink( $path ); // phpcs:ignore WordPress.WP.AlternativeFunctions
		throw about_file( 'file_differs', $file['path'], 'A file is not the one that was announced.' );
	}
	return true;
}

/**
 * Refuses a file whose place cannot be written to, or is on another file system than the restore's folder.
 *
 * @param string $base   The folder that is there in any case.
 * @param string $folder Folder of the restore.
 * @param string $path   As in the list of files.
 * @param string $live   Its full path.
 * @return int How many folders have to be made for it.
 * @throws Refusal When it is so.
 */
function refuse_unwritable( $base, $folder, $path, $live ) {
	$near    = dirname( $live );
	$folders = 0;
	while ( $near !== $base && ! is_dir( $near ) ) {
		$near = dirname( $near );
		++$folders;
	}
	if ( ! is_writable( $near ) ) { // phpcs:ignore WordPress.WP.AlternativeFunctions
		throw about_file( 'not_writable', $path, 'PHP may not write to the folder of a file.' );
	}
	$here  = stat( $folder );
	$there = stat( is_file( $live ) ? $live : $near );
	if ( false === $here || false === $there || $here['dev'] !== $there['dev'] ) {
		throw about_file( 'other_disk', $path, 'The folder of a file is on another disk than the uploads.' );
	}
	return $folders;
}

/**
 * The digest of the list of files, when all of them are whole: of each its number, item, path, both digests and bytes, as staged_digest() has cells.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @return string|null Null when some are not.
 */
function files_digest( $db, $id, array $shape ) {
	$hash  = hash_init( 'sha256' );
	$files = fetch_all( $db, 'SELECT n, item, path, sha_from, sha_to, size, whole FROM ' . files_table( $id ) . ' ORDER BY n' );
	foreach ( $files as $file ) {
		if ( '1' !== array_pop( $file ) ) {
			return null;
		}
		foreach ( $file as $cell ) {
			hash_update( $hash, null === $cell ? '-' : strlen( $cell ) . ':' . $cell );
		}
	}
	return count( $files ) === $shape['files']['count'] ? hash_final( $hash ) : null;
}
