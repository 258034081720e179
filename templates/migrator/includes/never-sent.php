<?php
/**
 * What never leaves the site, whatever is asked for: passwords, keys, histories, and this plugin.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/secret-content.php';

/** Folders and files that hold secrets wherever they are (WP Engine's own folder is one); only names that begin with a dot, or as in SECRET_FIRST. */
const SECRET_NAMES = '/^(\.env.*|\.git|\.svn|\.hg|\.bzr|\.subversion|\.ssh|\.aws|\.azure|\.gcloud|\.kube|\.docker|\.dockercfg|\.gnupg|\.password-store|\.composer'
	. '|\.git-credentials.*|\.npmrc.*|\.yarnrc.*|\.pypirc|\.gem|\.htpasswd.*|\.htdigest.*|\.my\.cnf|\.mylogin\.cnf|\.netrc|\.pgpass|\.s3cfg|\.boto|\.ftpconfig|\.vault-token'
	. '|\.[a-z]*_history|auth\.json|id_(rsa|dsa|ecdsa|ed25519)(_sk)?(\..*)?|sftp(-config)?\.json|_netrc|_wpeprivate|.*\.(ppk|p12|pfx|jks|kdbx?))$/i';

/** Names that more than a look at the first character is worth; most files of a site are none of them. */
const SECRET_FIRST = '/^[._ais]|\.(ppk|p12|pfx|jks|kdbx?)$/i';

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
	if ( 1 === preg_match( SECRET_FIRST, $name ) && 1 === preg_match( SECRET_NAMES, $name ) ) {
		return true;
	}
	if ( is_restore_folder( $name ) ) {
		return true;
	}
	if ( false !== stripos( $name, 'wp-config' ) && is_configuration( $path, $name ) ) {
		return true;
	}
	if ( 1 === preg_match( MAY_HOLD_SECRETS, $name ) && file_holds_secret( $path . '/' . $name ) ) {
		return true;
	}
	return SLUG === $name && $own === $path . '/' . $name;
}

/**
 * Whether a folder is that of a restore, with what was replaced. Nobody can guess its name, and no server has to serve it.
 *
 * @param string $name Its name.
 */
function is_restore_folder( $name ) {
	return 1 === preg_match( '/^\.wpclone-rst[a-z2-7]{8}-[0-9a-f]{32}$/D', $name );
}

/**
 * Whether something that is never sent is no loss to a copy, which has its own: that need not be told of.
 *
 * @param string $name Its name.
 */
function is_own_to_each_site( $name ) {
	return in_array( strtolower( $name ), array( 'wp-config.php', '_wpeprivate' ), true ) || SLUG === $name || is_restore_folder( $name );
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
	// Deeper down there is code with such names: a source file whose name is one word is that, not somebody's copy, unless it reads like one.
	return 1 !== preg_match( '/^[a-z_-]+\.(php|js|css|json)$/i', $name );
}
