<?php
/**
 * Which files of the uploads a restore may write, and where they lie: the site's own word, whatever a client sends.
 * src/restore/code/upload-names.ts of wpclone has the same rules, and a test compares them.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/../class-refusal.php';
require_once __DIR__ . '/../roots.php';
require_once __DIR__ . '/../home-folder.php';
require_once __DIR__ . '/../code-folders.php';

/** What some web server runs, also where another ending follows. */
const RUNNABLE_FILE = '/\.(php\d*|phps|phpt|phtml|phtm|phar|pht|hphp|inc|cgi|fcgi|pl|pm|py|rb|lua|sh|bash|shtml|shtm|stm|asp|aspx|ashx|asmx|asa|asax|cer|cdx|jsp|jspx|jspf|cfm|cfc)(\.|$)/i';

/** What is hidden, tells a server what to do, holds settings, or is read otherwise by another file system. */
const UNSAFE_NAME = '/^$|^\.|[\x00-\x1f\x7f\\\\:]|[. ]$|^web\.config$|^php\.ini$|wp-config|^wpclone-migrator$/i';

/** Bytes of a path; it has an index of its own. */
const LONGEST_UPLOAD_PATH = 700;

/**
 * Whether a path below the uploads may be written.
 *
 * @param string $path Path.
 */
function is_safe_upload( $path ) {
	if ( strlen( $path ) > LONGEST_UPLOAD_PATH || 1 !== preg_match( '//u', $path ) ) {
		return false;
	}
	foreach ( explode( '/', $path ) as $name ) {
		if ( 1 === preg_match( UNSAFE_NAME, $name ) || 1 === preg_match( RUNNABLE_FILE, $name ) ) {
			return false;
		}
	}
	return true;
}

/**
 * The real folder of the uploads.
 *
 * @throws Refusal When it lies outside of the site's own folders, or holds WordPress itself.
 */
function uploads_base() {
	// Without the plugins that a site has, its uploads may seem to be elsewhere.
	$alone = __NAMESPACE__ . '\\ALONE_WITH';
	if ( defined( $alone ) ) {
		return constant( $alone );
	}
	$own = own_uploads( site_paths() );
	if ( '' !== $own && ! is_dir( $own ) ) {
		wp_mkdir_p( $own );
	}
	$real = '' === $own ? false : realpath( $own );
	if ( false === $real || is_within( (string) realpath( ABSPATH ), $real ) ) {
		throw new Refusal( 'no_uploads', 409, 'The uploads of the site are not in a folder of its own.' );
	}
	return $real;
}

/**
 * The full path of an upload, on which nothing is a link.
 *
 * @param string $base As from uploads_base().
 * @param string $path Path below it.
 * @throws Refusal When it may not be written.
 */
function upload_target( $base, $path ) {
	$parts = explode( '/', $path );
	$name  = array_pop( $parts );
	$full  = $base;
	clearstatcache();
	$safe = is_safe_upload( $path );
	foreach ( $safe ? $parts : array() as $part ) {
		$full .= '/' . $part;
		$safe  = $safe && ! is_link( $full ) && ( is_dir( $full ) || ! file_exists( $full ) );
	}
	$full .= '/' . $name;
	if ( ! $safe || is_link( $full ) || is_dir( $full ) || is_in_code( $full ) ) {
		throw unsafe_file( $path );
	}
	return $full;
}

/**
 * Whether a path lies where the site keeps its code: uploads may lie around it.
 *
 * @param string $full Path.
 */
function is_in_code( $full ) {
	$folders = array( WP_PLUGIN_DIR, mu_plugins_folder(), get_theme_root(), ABSPATH . 'wp-admin', ABSPATH . WPINC, WP_CONTENT_DIR . '/languages', WP_CONTENT_DIR . '/upgrade' );
	foreach ( $folders as $folder ) {
		$real = realpath( $folder );
		if ( false !== $real && is_within( $full, $real ) ) {
			return true;
		}
	}
	return false;
}

/**
 * A file that is never written.
 *
 * @param string $path Path below the uploads.
 */
function unsafe_file( $path ) {
	return about_file( 'unsafe_file', $path, 'A file of this name, or at this place, is never written.' );
}

/**
 * A refusal that names a file of the uploads.
 *
 * @param string $reason  Code.
 * @param string $path    Path below the uploads.
 * @param string $message For people.
 */
function about_file( $reason, $path, $message ) {
	return new Refusal( $reason, 409, $message, array( 'path' => base64_encode( $path ) ) );
}
