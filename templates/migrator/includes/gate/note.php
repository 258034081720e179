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

/** Seconds for which an open gate is kept for the next request of its restore: whoever looks at the site after writing asks sooner, or died. */
const GATE_KEPT_SECONDS = 60;

/** What the name of a file ends with that is being written, until it is whole. */
const BESIDE = '.wpclone-new';

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
	$note = is_string( $text ) && 0 === strpos( $text, GATE_NOTE_HEAD ) ? bytes_from_json( substr( $text, strlen( GATE_NOTE_HEAD ) ) ) : null;
	return null !== $note && isset( $note['restore'], $note['key'], $note['folder'], $note['open'], $note['since'], $note['closed'] ) ? $note : null;
}

/**
 * Writes the note, in one step.
 *
 * @param string $plugin The plugin's folder.
 * @param array  $note   See above.
 * @return bool Whether it is there.
 */
function write_gate_note( $plugin, array $note ) {
	return write_whole_file( $plugin . '/gate-note.php', GATE_NOTE_HEAD . json_of_bytes( $note ) );
}

/**
 * JSON in which each text is base64: paths and passwords are bytes, which JSON has no way to say.
 *
 * @param array $values Values.
 */
function json_of_bytes( array $values ) {
	array_walk_recursive(
		$values,
		function ( &$value ) {
			$value = is_string( $value ) ? base64_encode( $value ) : $value;
		}
	);
	return json_encode( $values, JSON_UNESCAPED_SLASHES ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- visitors meet the gate before WordPress has its own.
}

/**
 * The values again.
 *
 * @param string $json As from json_of_bytes().
 * @return array|null Null when it is something else.
 */
function bytes_from_json( $json ) {
	$values = json_decode( $json, true );
	if ( ! is_array( $values ) ) {
		return null;
	}
	array_walk_recursive(
		$values,
		function ( &$value ) {
			$value = is_string( $value ) ? (string) base64_decode( $value, true ) : $value;
		}
	);
	return $values;
}

/**
 * Whether the note of an open gate says nothing any more.
 *
 * @param string $plugin The plugin's folder.
 * @param array  $note   As from read_gate_note().
 */
function is_gate_over( $plugin, array $note ) {
	$file = $plugin . '/gate-note.php';
	clearstatcache( true, $file );
	// Its own word, or the time of the last request: see keep_gate().
	$asked = is_file( $file ) ? time() - filemtime( $file ) : GATE_KEPT_SECONDS;
	return $note['open'] && microtime( true ) - $note['since'] > GATE_KEPT_SECONDS && ( $asked < 0 || $asked >= GATE_KEPT_SECONDS );
}

/**
 * Keeps an open gate for another while. What the note says stays as it is: somebody may be closing the gate at this very moment.
 *
 * @param string $plugin The plugin's folder.
 */
function keep_gate( $plugin ) {
	@touch( $plugin . '/gate-note.php' ); // phpcs:ignore WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
}

/**
 * Writes a file so that whoever reads it meanwhile finds the old one or the new one.
 *
 * @param string $path Path.
 * @param string $text Content.
 * @return bool Whether it is there.
 */
function write_whole_file( $path, $text ) {
	$beside = $path . BESIDE;
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
	if ( is_file( $maintenance ) && false !== strpos( (string) @file_get_contents( $maintenance ), 'wpclone_gate' ) ) {
		@unlink( $maintenance );
		if ( function_exists( 'opcache_invalidate' ) ) {
			@opcache_invalidate( $maintenance, true );
		}
	}
	remove_half_gate( 0 );
	@unlink( $plugin . '/gate-note.php' );
	@unlink( $plugin . '/gate-note.php' . BESIDE );
	// phpcs:enable
}

/**
 * Takes away what was to become the gate: it stays in WordPress's folder when whoever made it is killed before it has its name. How much of it
 * was written nobody knows, and nobody else has files of that name.
 *
 * @param int $age Seconds that it has been there at least: one that is being made has its name in no time.
 */
function remove_half_gate( $age ) {
	$beside = ABSPATH . '.maintenance' . BESIDE;
	clearstatcache( true, $beside );
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	if ( is_file( $beside ) && abs( time() - (int) @filemtime( $beside ) ) >= $age ) {
		@unlink( $beside );
	}
	// phpcs:enable
}
