<?php
/**
 * The files of a restore: a table that lists them, and a folder of its own among the uploads, on the same file system, so that each is put
 * in its place by one rename. In the folder `n7` is file 7 as it shall be, `o7` what it replaced. Where each of them is tells how far
 * somebody came: nothing else keeps a record of it.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/upload-paths.php';
require_once __DIR__ . '/../lifecycle.php';
require_once __DIR__ . '/../never-sent.php';

/**
 * What a restore is to bring of files, checked.
 *
 * @param mixed $request count, bytes.
 * @param array $restore Row. A folder that it had before keeps its name: what could not be deleted of it is not forgotten.
 * @return array{count: int, bytes: int, folder: string}|null Null for none.
 */
function checked_files( $request, array $restore ) {
	$before = json_decode( $restore['shape'], true );
	$count = is_array( $request ) && isset( $request['count'] ) ? (int) $request['count'] : 0;
	if ( $count < 1 ) {
		return null;
	}
	return array(
		'count'  => $count,
		'bytes'  => isset( $request['bytes'] ) ? max( 0, (int) $request['bytes'] ) : 0,
		'folder' => has_files( $before ) ? $before['files']['folder'] : '.wpclone-' . str_replace( '-', '', $restore['id'] ) . '-' . bin2hex( random_bytes( 16 ) ),
	);
}

/**
 * Whether a restore brings files.
 *
 * @param array|null $shape As from checked_shape().
 */
function has_files( $shape ) {
	return isset( $shape['files']['folder'] ) && is_restore_folder( $shape['files']['folder'] );
}

/**
 * Makes the table and the folder, and tries out what the host allows.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $files As from checked_files().
 * @throws Refusal When the uploads cannot be written to.
 */
function create_files_place( $db, $id, array $files ) {
	run_query(
		$db,
		'CREATE TABLE ' . files_table( $id ) . " (
			n INT UNSIGNED NOT NULL PRIMARY KEY,
			item INT UNSIGNED NOT NULL,
			path VARBINARY(700) NOT NULL,
			sha_from CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
			sha_to CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
			size BIGINT UNSIGNED NOT NULL,
			whole TINYINT NOT NULL DEFAULT 0,
			folders INT UNSIGNED NOT NULL DEFAULT 0,
			facts VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
			UNIQUE KEY path (path), KEY item (item)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC"
	);
	$base   = uploads_base();
	$folder = $base . '/' . $files['folder'];
	// phpcs:disable WordPress.PHP.NoSilencedErrors -- what does not work is refused.
	$made = is_dir( $folder ) || @mkdir( $folder, 0700 );
	// Should it be found, a server hands nothing out of it; the names in it have no ending that would be run.
	$made = $made && false !== @file_put_contents( $folder . '/.htaccess', "<IfModule mod_authz_core.c>\nRequire all denied\n</IfModule>\n<IfModule !mod_authz_core.c>\nDeny from all\n</IfModule>\n" );
	$made = $made && false !== @file_put_contents( $folder . '/lock', '' ) && false !== @file_put_contents( $folder . '/n0', 'x' );
	$made = $made && @rename( $folder . '/n0', $folder . '/o0' ) && @unlink( $folder . '/o0' );
	if ( ! $made ) {
		throw new Refusal( 'no_uploads', 409, 'PHP cannot write to the uploads of the site.' );
	}
	$free = function_exists( 'disk_free_space' ) ? @disk_free_space( $folder ) : false;
	// phpcs:enable
	if ( false !== $free && $free < $files['bytes'] ) {
		throw new Refusal( 'no_space', 409, 'The disk of the site has no room for the files.' );
	}
}

/**
 * Quoted name of the table of a restore's files.
 *
 * @param string $id Restore.
 */
function files_table( $id ) {
	return quote_name( restore_prefix( $id ) . 'f' );
}

/**
 * Files of a restore.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param string  $where Condition: f is the file, u its item.
 * @return array[] All columns.
 */
function restore_files( $db, $id, $where ) {
	return fetch_all( $db, 'SELECT f.* FROM ' . files_table( $id ) . ' f JOIN ' . quote_name( restore_prefix( $id ) . 'u' ) . " u ON u.n = f.item WHERE $where ORDER BY f.sha_to IS NULL, f.n" );
}

/**
 * Does something while nobody else moves files of the restore. The lock goes with the process that holds it, whatever becomes of the database.
 *
 * @param array    $shape As from checked_shape().
 * @param callable $work  Is given the folder of the uploads, and that of the restore.
 * @return mixed What the work gives.
 * @throws Refusal When the restore's folder is gone.
 */
function with_files_locked( array $shape, callable $work ) {
	$base   = uploads_base();
	$folder = $base . '/' . $shape['files']['folder'];
	$lock   = lock_files( $folder, true );
	try {
		return $work( $base, $folder );
	} finally {
		unlock_files( $lock );
	}
}

/**
 * Takes the lock on the files of a restore.
 *
 * @param string $folder The restore's folder.
 * @param bool   $waits  Whether to wait for who has it.
 * @return resource
 * @throws Refusal When the folder is gone, or somebody has the lock who is not waited for.
 */
function lock_files( $folder, $waits ) {
	// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	$lock = is_dir( $folder ) ? @fopen( $folder . '/lock', 'c' ) : false;
	if ( false === $lock ) {
		throw new Refusal( 'files_gone', 409, 'What was staged of the files is gone.' );
	}
	$held = 0;
	// Where a file system knows no locks, nobody has this one.
	if ( ! flock( $lock, $waits ? LOCK_EX : LOCK_EX | LOCK_NB, $held ) && 1 === $held ) {
		throw new Refusal( 'locked', 503, 'Somebody else is moving files of the restore.' );
	}
	return $lock;
}

/**
 * Gives the lock back.
 *
 * @param resource $lock As from lock_files().
 */
function unlock_files( $lock ) {
	fclose( $lock ); // phpcs:ignore WordPress.WP.AlternativeFunctions
}

/**
 * The folder of a restore.
 *
 * @param array $restore Row.
 * @return string|null Null when it has none, or the uploads are elsewhere by now.
 */
function restore_folder( array $restore ) {
	$shape = json_decode( $restore['shape'], true );
	try {
		$folder = has_files( $shape ) ? uploads_base() . '/' . $shape['files']['folder'] : '';
	} catch ( Refusal $refusal ) {
		return null;
	}
	return '' !== $folder && is_dir( $folder ) && ! is_link( $folder ) ? $folder : null;
}

/**
 * Deletes the folder of a restore.
 *
 * @param array $restore Row.
 */
function drop_restore_folder( array $restore ) {
	$folder = restore_folder( $restore );
	if ( null !== $folder ) {
		delete_folder( $folder );
	}
}

/**
 * Bytes that the folder of a restore holds.
 *
 * @param array $restore Row.
 */
function folder_bytes( array $restore ) {
	$folder = restore_folder( $restore );
	$names  = null === $folder ? array() : scandir( $folder );
	$bytes  = 0;
	foreach ( is_array( $names ) ? $names : array() as $name ) {
		$bytes += is_file( $folder . '/' . $name ) ? (int) filesize( $folder . '/' . $name ) : 0;
	}
	return $bytes;
}
