<?php
/**
 * The gate's note: that a restore replaces code, which, since when, and where the list of its files is. A file of the plugin's own folder,
 * so that it can be read before WordPress, its database and its plugins are there.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Nobody who asks a web server for the note is given it. */
const GATE_NOTE_HEAD = "<?php exit; ?>\n";

/** Seconds after which the note of an open gate says nothing any more: the key of the restore is not good for longer. */
const GATE_KEPT_SECONDS = 1800;

/**
 * The plugin's folder, also where its main file was not loaded: before WordPress is there, and when it deletes the plugin.
 */
function plugin_folder() {
	return dirname( __DIR__, 2 );
}

/**
 * What WordPress finds in its `.maintenance`, always the same: the way to the gate, and nothing else. It stays harmless when the plugin is
 * gone, and when a web server hands it out as text.
 *
 * @param string $plugin The plugin's folder.
 */
function gate_line( $plugin ) {
	$core  = rtrim( strtr( ABSPATH, '\\', '/' ), '/' );
	$place = strtr( $plugin, '\\', '/' ) . '/includes/gate/gate.php';
	$place = 0 === strpos( $place, $core . '/' ) ? '__DIR__ . ' . var_export( substr( $place, strlen( $core ) ), true ) : var_export( $place, true ); // phpcs:ignore WordPress.PHP.DevelopmentFunctions
	return "<?php \$upgrading = 0; if ( is_file( \$wpclone_gate = $place ) ) { include \$wpclone_gate; }\n";
}

/**
 * Reads the note.
 *
 * @param string $plugin The plugin's folder.
 * @return array{restore: string, key: string, folder: string, open: bool, since: float, closed: float}|null Null when there is none.
 */
function read_gate_note( $plugin ) {
	// phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	$text = @file_get_contents( $plugin . '/gate-note.php' );
	$note = is_string( $text ) && 0 === strpos( $text, GATE_NOTE_HEAD ) ? json_decode( substr( $text, strlen( GATE_NOTE_HEAD ) ), true ) : null;
	return is_array( $note ) && isset( $note['restore'], $note['key'], $note['folder'], $note['open'], $note['since'], $note['closed'] ) ? $note : null;
}

/**
 * Writes the note, in one step.
 *
 * @param string $plugin The plugin's folder.
 * @param array  $note   See above.
 * @return bool Whether it is there.
 */
function write_gate_note( $plugin, array $note ) {
	return write_whole_file( $plugin . '/gate-note.php', GATE_NOTE_HEAD . json_encode( $note, JSON_UNESCAPED_SLASHES ) ); // phpcs:ignore WordPress.WP.AlternativeFunctions
}

/**
 * Writes a file so that whoever reads it meanwhile finds the old one or the new one.
 *
 * @param string $path Path.
 * @param string $text Content.
 * @return bool Whether it is there.
 */
function write_whole_file( $path, $text ) {
	$beside = $path . '.wpclone-new';
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	return @file_put_contents( $beside, $text ) === strlen( $text ) && @rename( $beside, $path );
	// phpcs:enable
}

/**
 * Opens the gate once the code is whole. Where it is that of the restore it stays there, open: requests of the restore come in by it, should
 * that code end every page.
 *
 * @param string $plugin  The plugin's folder.
 * @param string $restore Its restore.
 * @param bool   $stays   Whether the code of the restore is there.
 */
function open_way( $plugin, $restore, $stays ) {
	$open = array(
		'open'  => true,
		'since' => microtime( true ),
	);
	$note = read_gate_note( $plugin );
	if ( ! $stays || null === $note || $note['restore'] !== $restore || ! write_gate_note( $plugin, $open + $note ) ) {
		remove_gate( $plugin, $restore );
	}
}

/**
 * Takes the gate away, if it is there: first what WordPress finds, then the note.
 *
 * @param string $plugin  The plugin's folder.
 * @param string $restore Of this restore only; '' for any.
 */
function remove_gate( $plugin, $restore = '' ) {
	$maintenance = ABSPATH . '.maintenance';
	clearstatcache();
	$note = '' === $restore ? null : read_gate_note( $plugin );
	if ( null !== $note && $note['restore'] !== $restore ) {
		return;
	}
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	foreach ( array( $maintenance, $maintenance . '.wpclone-new' ) as $file ) {
		if ( is_file( $file ) && false !== strpos( (string) @file_get_contents( $file ), 'wpclone_gate' ) ) {
			@unlink( $file );
			if ( function_exists( 'opcache_invalidate' ) ) {
				@opcache_invalidate( $file, true );
			}
		}
	}
	@unlink( $plugin . '/gate-note.php' );
	@unlink( $plugin . '/gate-note.php.wpclone-new' );
	// phpcs:enable
}
