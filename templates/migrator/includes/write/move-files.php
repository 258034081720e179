<?php
/**
 * Files are put in their places, and back again. Each step is one rename or link, and where the files are tells which steps were done, so
 * that whoever comes after a process that died goes on from there in either direction.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/file-facts.php';

/**
 * Puts the files of the chosen items in their places, or back.
 *
 * @param \mysqli $db      Connection beside the transaction.
 * @param string  $id      Restore.
 * @param array   $shape   As from kept_shape().
 * @param bool    $undo    The direction.
 * @param bool    $healing Whether this mends what was cut off: then what others did meanwhile is left as it is.
 * @param \mysqli $main    Connection that has the restore's row locked; null: the one of whoever mends.
 * @return int How many.
 * @throws Refusal With "file_moved" when one is not what it was a moment ago, "not_writable" when the host does not let us; then some may have been moved.
 */
function move_files( $db, $id, array $shape, $undo, $healing = false, $main = null ) {
	if ( ! has_files( $shape ) ) {
		return 0;
	}
	$files = moved_files( $db, $id, $shape );
	return array() === $files ? 0 : with_files_locked(
		$shape,
		function ( $base, $folder ) use ( $files, $undo, $healing, $main ) {
			if ( null !== $main ) {
				// Whose connection was lost has lost the row: somebody may have put everything back, and let visitors in.
				run_query( $main, 'DO 1' );
			}
			foreach ( $undo ? array_reverse( $files ) : $files as $file ) {
				try {
					list( , $live ) = file_place( $base, $file['path'] );
					move_file( $live, $folder, $file, $undo, $healing );
				} catch ( Refusal $refusal ) {
					// What is kept of a file stays kept as long as the host does not let it be put back.
					if ( ! $healing || 'not_writable' === $refusal->reason ) {
						throw $refusal;
					}
				}
			}
			return count( $files );
		}
	);
}

/**
 * Files of the chosen items, but those that are only relied on.
 *
 * @param \mysqli $db    Connection.
 * @param string  $id    Restore.
 * @param array   $shape As from kept_shape().
 * @return array[] All columns.
 */
function moved_files( $db, $id, array $shape ) {
	return has_files( $shape ) ? restore_files( $db, $id, 'u.chosen = 1 AND NOT (f.sha_from <=> f.sha_to)' ) : array();
}

/**
 * Has PHP forget what it compiled of code that was moved.
 *
 * @param array   $shape As from kept_shape().
 * @param array[] $files Rows.
 * @throws Refusal When the uploads are elsewhere by now.
 */
function forget_moved( array $shape, array $files ) {
	$code = array_filter( array_column( $files, 'path' ), __NAMESPACE__ . '\\is_code_path' );
	foreach ( $code as $path ) {
		list( , $live ) = file_place( uploads_base(), $path );
		forget_compiled( array( $live ) );
	}
}

/**
 * One file. Afterwards its place holds what is to be there, and what was there is in the restore's folder.
 *
 * @param string $live    Its place.
 * @param string $folder  The restore's folder.
 * @param array  $file    Row.
 * @param bool   $undo    The direction.
 * @param bool   $healing See above.
 * @throws Refusal When it is not what it was.
 */
function move_file( $live, $folder, array $file, $undo, $healing ) {
	$new = null === $file['sha_to'] ? null : $folder . '/n' . $file['n'];
	$old = null === $file['sha_from'] ? null : $folder . '/o' . $file['n'];
	list( $in, $out ) = $undo ? array( $old, $new ) : array( $new, $old );
	clearstatcache();
	if ( null !== $in && ! file_exists( $in ) ) {
		// Done before.
		return;
	}
	if ( null !== $in && is_same_file( $live, $in ) ) {
		// The other direction had begun: it is there already, under both names.
		remove_file( $in );
		return;
	}
	$begun = null !== $out && file_exists( $out );
	if ( ! $begun && null !== $out ) {
		$expected = $undo ? $file['sha_to'] : $file['sha_from'];
		if ( null === facts_of_unchanged( $live, $expected, $healing ? '' : $file['facts'] ) ) {
			throw file_moved( $file );
		}
		keep_file( $live, $out, null === $in, $file );
	} elseif ( $begun && null === $in && is_same_file( $live, $out ) ) {
		remove_file( $live );
	}
	if ( null !== $in ) {
		if ( ! $undo ) {
			allow_as_others( $in, $out, $live );
		}
		put_file( $in, $live, $out, $file );
	} elseif ( $undo ) {
		remove_folders( dirname( $live ), (int) $file['folders'] );
	}
}

/**
 * Keeps what is in a place, under a name in the restore's folder. It stays in its place as long as something is to take that, so that
 * nobody finds nothing there.
 *
 * @param string $live Place.
 * @param string $out  Name.
 * @param bool   $goes Whether nothing is to take its place.
 * @param array  $file Row.
 * @throws Refusal When it cannot be.
 */
function keep_file( $live, $out, $goes, array $file ) {
	if ( ! $goes && link_file( $live, $out ) ) {
		return;
	}
	// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	if ( ! @rename( $live, $out ) ) {
		throw file_stuck( $file );
	}
}

/**
 * Puts a file in a place that holds nothing, or what is kept under another name.
 *
 * @param string      $in   File in the restore's folder.
 * @param string      $live Place.
 * @param string|null $out  Where what was there is kept; null when there was nothing.
 * @param array       $file Row.
 * @throws Refusal When something else is there, or it cannot be.
 */
function put_file( $in, $live, $out, array $file ) {
	clearstatcache();
	$there = file_exists( $live ) || is_link( $live );
	if ( $there && ( null === $out || ! is_same_file( $live, $out ) ) ) {
		throw file_moved( $file );
	}
	$parent = dirname( $live );
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	if ( ! is_dir( $parent ) && ! function_exists( 'wp_mkdir_p' ) ) {
		// Visitors meet the gate before WordPress has it.
		@mkdir( $parent, 0755, true );
	} elseif ( ! is_dir( $parent ) ) {
		wp_mkdir_p( $parent );
	}
	if ( ! $there && link_file( $in, $live ) ) {
		// Unlike a rename, this would not have written over what came at that very moment.
		remove_file( $in );
		return;
	}
	clearstatcache();
	if ( ( ! $there && file_exists( $live ) ) || ! @rename( $in, $live ) ) {
		throw file_stuck( $file );
	}
	// phpcs:enable
}

/**
 * Gives a new file the permissions of what it takes the place of, else those that WordPress gives: its folder's, without running it.
 *
 * @param string      $in   File.
 * @param string|null $out  What it takes the place of.
 * @param string      $live Its place.
 */
function allow_as_others( $in, $out, $live ) {
	$folder = dirname( $live );
	while ( ! is_dir( $folder ) ) {
		$folder = dirname( $folder );
	}
	// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions -- where the host forbids it, it stays as it was made.
	@chmod( $in, null === $out ? fileperms( $folder ) & 0666 : fileperms( $out ) & 0777 );
}

/**
 * Gives a file a second name, where the host can.
 *
 * @param string $from File.
 * @param string $to   Name.
 */
function link_file( $from, $to ) {
	return function_exists( 'link' ) && @link( $from, $to ); // phpcs:ignore WordPress.PHP.NoSilencedErrors
}

/**
 * Whether two names are those of one file.
 *
 * @param string $one   Path.
 * @param string $other Path.
 */
function is_same_file( $one, $other ) {
	clearstatcache();
	// phpcs:disable WordPress.PHP.NoSilencedErrors
	$first  = @lstat( $one );
	$second = @lstat( $other );
	// phpcs:enable
	return false !== $first && false !== $second && $first['ino'] === $second['ino'] && $first['dev'] === $second['dev'] && 0 !== $first['ino'];
}

/**
 * Removes one of the names of a file.
 *
 * @param string $path Path.
 */
function remove_file( $path ) {
	@unlink( $path ); // phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	clearstatcache();
}

/**
 * Removes folders that were made for a file, while they are empty.
 *
 * @param string $folder The innermost.
 * @param int    $most   How many.
 */
function remove_folders( $folder, $most ) {
	// One that is gone already does not keep those around it.
	for ( ; $most > 0 && ( ! is_dir( $folder ) || @rmdir( $folder ) ); $most-- ) { // phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
		$folder = dirname( $folder );
	}
}

/**
 * Somebody changed it just now: the next attempt sees it beforehand, and says whose it is.
 *
 * @param array $file Row.
 */
function file_moved( array $file ) {
	return about_file( 'file_moved', $file['path'], 'A file is not what it was a moment ago.' );
}

/**
 * The host does not let us.
 *
 * @param array $file Row.
 */
function file_stuck( array $file ) {
	return about_file( 'not_writable', $file['path'], 'PHP may not put a file in its place.' );
}
