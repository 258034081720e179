<?php
/**
 * Visitors wait until the code is whole again. Where whoever replaced it died over it, the first of them puts it back.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Seconds that a visitor waits at most. */
const GATE_WAIT_SECONDS = 2;

/** Seconds after which nobody is kept waiting any more, as WordPress has it: the next who asks for the restore finds what is left to do. */
const GATE_LONGEST_SECONDS = 600;

/** Seconds after which one who seems to be at work may be dead: not every file system can tell. The database can. */
const GATE_SILENT_SECONDS = 3;

/**
 * Waits until the way is free.
 *
 * @param string $plugin The plugin's folder.
 * @return int As WordPress takes it: 0, or the time for its page for maintenance.
 */
function stand_at_gate( $plugin ) {
	$note = read_gate_note( $plugin );
	$age  = null === $note ? 0 : microtime( true ) - $note['since'];
	if ( null === $note || ! is_dir( $note['folder'] ) ) {
		remove_left_gate( $plugin, $note );
		return 0;
	}
	if ( is_for_restore( $note ) ) {
		keep_gate( $plugin );
		come_alone( $plugin, $note );
		return 0;
	}
	if ( is_gate_over( $plugin, $note ) ) {
		remove_gate( $plugin, $note['restore'] );
		return 0;
	}
	if ( ! $note['open'] && $age > GATE_LONGEST_SECONDS ) {
		return 0;
	}
	$until = microtime( true ) + GATE_WAIT_SECONDS;
	while ( null !== $note && ! $note['open'] && microtime( true ) < $until ) {
		if ( is_abandoned( $note ) ) {
			require_once __DIR__ . '/healer.php';
			heal_at_gate( $plugin, $note );
		} else {
			usleep( 20000 );
		}
		$note = read_gate_note( $plugin );
	}
	return null === $note || $note['open'] ? 0 : time();
}

/**
 * What WordPress is told at the end of a request, where it asks whether an error is one to tell people of: as with its own updates, those
 * of requests that had begun before code was replaced are not.
 *
 * @param string $plugin The plugin's folder.
 * @return int As above.
 */
function say_at_end( $plugin ) {
	$note = read_gate_note( $plugin );
	// phpcs:ignore WordPress.Security -- a number of PHP's own.
	$began = isset( $_SERVER['REQUEST_TIME_FLOAT'] ) ? (float) $_SERVER['REQUEST_TIME_FLOAT'] : 0;
	return null !== $note && $began < $note['closed'] ? time() : 0;
}

/**
 * Takes a gate away that was left behind. Where there is no note, whoever takes the gate away may be about to end, and the next one about
 * to be closed: only what has stood there for a while was left.
 *
 * @param string     $plugin The plugin's folder.
 * @param array|null $note   As from read_gate_note().
 */
function remove_left_gate( $plugin, $note ) {
	$file = ABSPATH . '.maintenance';
	clearstatcache( true, $file );
	if ( null !== $note ) {
		remove_gate( $plugin, $note['restore'] );
	} elseif ( is_file( $file ) && abs( time() - filemtime( $file ) ) > GATE_SILENT_SECONDS ) {
		remove_gate( $plugin );
	}
}

/**
 * Whether this is a signed request of the restore that is at work: it comes in whatever the code of plugins is like.
 *
 * @param array $note As from read_gate_note().
 */
function is_for_restore( array $note ) {
	// phpcs:disable WordPress.Security -- compared with a pattern and a signature.
	$envelope = isset( $_POST['wpclone'] ) && is_string( $_POST['wpclone'] ) ? $_POST['wpclone'] : '';
	if ( 0 !== strpos( $envelope, $note['restore'] . '.' ) ) {
		return false;
	}
	require_once __DIR__ . '/../signature.php';
	require_once __DIR__ . '/../write/signature.php';
	$at = (int) strrpos( $envelope, '.' ) + 1;
	if ( 1 !== preg_match( WRITE_ENVELOPE, substr( $envelope, 0, min( $at, 400 ) ), $parts ) ) {
		return false;
	}
	list( , $id, $time, $nonce, $number, $signature ) = $parts;
	if ( abs( time() - (int) $time ) > WINDOW_SECONDS ) {
		return false;
	}
	$method = isset( $_SERVER['REQUEST_METHOD'] ) ? (string) $_SERVER['REQUEST_METHOD'] : '';
	$target = isset( $_SERVER['REQUEST_URI'] ) ? (string) $_SERVER['REQUEST_URI'] : '';
	// phpcs:enable
	$text = written_text( array( $method, $target, $time, $nonce, $id, $number, hash( 'sha256', substr( $envelope, $at ) ) ) );
	return is_signed_by( $text, $signature, (string) $note['key'] );
}

/**
 * Has WordPress load this plugin and no other, so that what was replaced can be taken back although it ends every page with an error.
 *
 * @param string $plugin The plugin's folder.
 * @param array  $note   As from read_gate_note().
 */
function come_alone( $plugin, array $note ) {
	define( __NAMESPACE__ . '\\ALONE_WITH', dirname( $note['folder'] ) );
	if ( ! defined( 'WPMU_PLUGIN_DIR' ) ) {
		define( __NAMESPACE__ . '\\REAL_MU_PLUGINS', WP_CONTENT_DIR . '/mu-plugins' );
		define( 'WPMU_PLUGIN_DIR', $note['folder'] . '/none' );
	}
	add_filter(
		'pre_option_active_plugins',
		$only = function () use ( $plugin, &$only ) {
			// WordPress asks once to load them. Whoever asks later, to change the list, is told of all.
			remove_filter( 'pre_option_active_plugins', $only );
			return array( basename( $plugin ) . '/wpclone-migrator.php' );
		}
	);
}

/**
 * Whether nobody is at work any more. Whoever is holds a lock, which goes with the process.
 *
 * @param array $note As from read_gate_note().
 */
function is_abandoned( array $note ) {
	if ( microtime( true ) - $note['since'] > GATE_SILENT_SECONDS ) {
		return true;
	}
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	$lock = @fopen( $note['folder'] . '/alive', 'c' );
	$free = false !== $lock && flock( $lock, LOCK_EX | LOCK_NB );
	if ( false !== $lock ) {
		fclose( $lock );
	}
	// phpcs:enable
	return $free;
}
