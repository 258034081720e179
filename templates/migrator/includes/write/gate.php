<?php
/**
 * Closing and opening the gate, by whoever replaces code: includes/gate is what visitors meet.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/../gate/note.php';
require_once __DIR__ . '/move-files.php';

/** Microseconds between closing and replacing, in which requests that had begun before load their plugins. */
const GATE_DRAIN = 200000;

/**
 * Closes the gate when code that visitors run is about to be replaced.
 *
 * @param array   $restore Row: id and public_key.
 * @param array   $shape   As from kept_shape().
 * @param array[] $files   Rows that are moved.
 * @param bool    $undo    The direction.
 * @return array{alive: resource, note: array}|null Null when there is no need.
 * @throws Refusal When it cannot be.
 */
function close_gate( array $restore, array $shape, array $files, $undo ) {
	if ( ! is_run_by_visitors( $files, $undo ) ) {
		return null;
	}
	$base   = uploads_base();
	$folder = $base . '/' . $shape['files']['folder'];
	$plugin = plugin_folder();
	write_journal( $base, $folder, $restore['id'], $files );
	$alive = fopen( $folder . '/alive', 'c' ); // phpcs:ignore WordPress.WP.AlternativeFunctions
	$note  = array(
		'restore' => $restore['id'],
		'key'     => $restore['public_key'],
		'folder'  => $folder,
		'open'    => false,
		'since'   => microtime( true ),
		'closed'  => microtime( true ),
	);
	$made  = false !== $alive && flock( $alive, LOCK_EX ) && write_gate_note( $plugin, $note ) && write_whole_file( ABSPATH . '.maintenance', gate_line( $plugin ) );
	if ( ! $made ) {
		remove_gate( $plugin );
		throw about_file( 'not_writable', '.maintenance', 'PHP may not write where visitors are told to wait.' );
	}
	forget_compiled( array( ABSPATH . '.maintenance' ) );
	file_put_contents( $folder . '/overtaken', '' ); // phpcs:ignore WordPress.WP.AlternativeFunctions
	usleep( GATE_DRAIN );
	return array(
		'alive' => $alive,
		'note'  => $note,
	);
}

/**
 * Whether files are moved that visitors may be running: code that is there, or that WordPress loads because it is there.
 *
 * @param array[] $files Rows.
 * @param bool    $undo  The direction.
 */
function is_run_by_visitors( array $files, $undo ) {
	foreach ( $files as $file ) {
		$there = $undo ? $file['sha_to'] : $file['sha_from'];
		if ( is_code_path( $file['path'] ) && ! is_relied_on( $file ) && ( null !== $there || is_package_there( $file['path'] ) ) ) {
			return true;
		}
	}
	return false;
}

/**
 * Whether the site has the plugin or theme that a file belongs to, which may run what is new in it at once.
 *
 * @param string $path As in the list of files.
 */
function is_package_there( $path ) {
	list( $word, $below ) = explode( ':', $path, 2 );
	return 'mu-plugins' === $word || file_exists( code_folders()[ $word ] . '/' . explode( '/', $below )[0] );
}

/**
 * Notes what is moved where whoever heals finds it without WordPress.
 *
 * @param string  $base   Folder of the uploads.
 * @param string  $folder Folder of the restore.
 * @param string  $id     Restore.
 * @param array[] $files  Rows.
 * @throws Refusal When it cannot be.
 */
function write_journal( $base, $folder, $id, array $files ) {
	$moved = array();
	foreach ( $files as $file ) {
		if ( ! is_relied_on( $file ) ) {
			list( , $live ) = file_place( $base, $file['path'] );
			$moved[] = array( 'live' => $live ) + array_intersect_key( $file, array_flip( array( 'n', 'path', 'sha_from', 'sha_to', 'folders' ) ) );
		}
	}
	$journal = json_of_bytes(
		array(
			'restore'  => $id,
			'server'   => database_server(),
			'lock'     => quote_name( restore_prefix( $id ) . 'p' ),
			'restores' => quote_name( restores_table() ),
			'files'    => $moved,
		)
	);
	if ( ! is_string( $journal ) || ! write_whole_file( $folder . '/journal', $journal ) ) {
		throw new Refusal( 'no_space', 409, 'The site could not keep the list of files: its disk is full, or its quota used up.' );
	}
}

/**
 * How many requests that had begun before code was replaced came to their end after that, and how many of them failed. One that died
 * before this plugin was loaded cannot be counted.
 *
 * @param array $restore Row.
 * @return array{requests: int, failed: int}|null Null where no code was replaced.
 */
function overtaken_requests( array $restore ) {
	$folder = restore_folder( $restore );
	$marks  = null !== $folder && is_file( $folder . '/overtaken' ) ? (string) file_get_contents( $folder . '/overtaken' ) : null; // phpcs:ignore WordPress.WP.AlternativeFunctions
	return null === $marks ? null : array(
		'requests' => strlen( $marks ),
		'failed'   => substr_count( $marks, 'x' ),
	);
}

/**
 * Opens the gate. Where nobody knows whether all of it was taken back it stays closed, and the next visitor sees to that.
 *
 * @param array|null $gate  As from close_gate().
 * @param bool|null  $stays Whether the code of the restore is there now; null when nobody knows.
 */
function open_gate( $gate, $stays ) {
	if ( null === $gate ) {
		return;
	}
	if ( null !== $stays ) {
		open_way( plugin_folder(), $gate['note']['restore'], $stays );
	}
	fclose( $gate['alive'] ); // phpcs:ignore WordPress.WP.AlternativeFunctions
}
