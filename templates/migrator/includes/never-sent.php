<?php
/**
 * What never leaves the site, whatever is asked for: passwords, keys, histories, and this plugin.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Folders and files that hold secrets wherever they are. */
const SECRET_NAMES = '/^(\.env.*|\.git|\.svn|\.hg|\.bzr|\.ssh|\.aws|\.htpasswd.*|\.my\.cnf|\.netrc|\.pgpass|auth\.json)$/i';

/**
 * Whether a file or folder is never sent.
 *
 * @param string $path Absolute real path of the folder it is in.
 * @param string $name Its name.
 */
function is_never_sent( $path, $name ) {
	static $own = null;
	if ( null === $own ) {
		$own = (string) realpath( dirname( FILE ) );
	}
	$first = isset( $name[0] ) ? $name[0] : '';
	if ( ( '.' === $first || 'a' === $first || 'A' === $first ) && 1 === preg_match( SECRET_NAMES, $name ) ) {
		return true;
	}
	if ( false !== stripos( $name, 'wp-config' ) && is_configuration( $path, $name ) ) {
		return true;
	}
	return SLUG === $name && $own === $path . '/' . $name;
}

/**
 * Whether a file is wp-config.php, or looks like a copy that somebody or an editor made of it.
 *
 * @param string $path Absolute real path of its folder.
 * @param string $name Its name.
 */
function is_configuration( $path, $name ) {
	if ( 'wp-config-sample.php' === $name || ( is_dir( $path . '/' . $name ) && ! is_link( $path . '/' . $name ) ) ) {
		return false;
	}
	$core = (string) realpath( ABSPATH );
	if ( 0 === strcasecmp( 'wp-config.php', $name ) || in_array( $path, array( $core, dirname( $core ), home_folder(), realpath( WP_CONTENT_DIR ) ), true ) ) {
		return true;
	}
	// Deeper down there is code with such names: a source file whose name is one word is that, not somebody's copy.
	return 1 !== preg_match( '/^[a-z_-]+\.(php|js|css|json)$/i', $name );
}
