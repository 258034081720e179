<?php
/**
 * The folders a copy is made of: the site's own, and what is linked into plugins and themes.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/loaded-files.php';

/**
 * Where the site keeps things, without trailing slashes.
 */
function site_paths() {
	$uploads = wp_upload_dir( null, false );
	return array(
		'abspath'   => straight_path( ABSPATH ),
		'content'   => straight_path( WP_CONTENT_DIR ),
		'plugins'   => straight_path( WP_PLUGIN_DIR ),
		'muPlugins' => straight_path( WPMU_PLUGIN_DIR ),
		'uploads'   => straight_path( (string) $uploads['basedir'] ),
	);
}

/**
 * A path without ".." in it: by its text alone nobody could tell where it leads. All others stay as the site writes them.
 *
 * @param string $path Absolute.
 */
function straight_path( $path ) {
	$path = untrailingslashit( $path );
	$real = 1 === preg_match( '~(^|/)\.\.(/|$)~', wp_normalize_path( $path ) ) ? realpath( $path ) : false;
	return false === $real ? $path : $real;
}

/**
 * The addresses of those folders, without trailing slashes.
 */
function site_urls() {
	$uploads = wp_upload_dir( null, false );
	return array(
		'content' => untrailingslashit( content_url() ),
		'plugins' => untrailingslashit( plugins_url() ),
		'uploads' => untrailingslashit( (string) $uploads['baseurl'] ),
	);
}

/**
 * The roots, none inside another: id, path (real), place (path of its URL, no slashes at the ends).
 *
 * @return array[]
 */
function site_roots() {
	static $roots = null;
	if ( null !== $roots ) {
		return $roots;
	}
	$paths      = site_paths();
	$urls       = site_urls();
	$candidates = array(
		array( 'home', (string) home_folder(), url_place( site_address( 'home' ) ) ),
		array( 'core', $paths['abspath'], url_place( site_address( 'siteurl' ) ) ),
		array( 'content', $paths['content'], url_place( $urls['content'] ) ),
		array( 'plugins', $paths['plugins'], url_place( $urls['plugins'] ) ),
		array( 'muplugins', $paths['muPlugins'], url_place( defined( 'WPMU_PLUGIN_URL' ) ? WPMU_PLUGIN_URL : '' ) ),
		array( 'uploads', own_uploads( $paths ), url_place( $urls['uploads'] ) ),
	);
	$themes     = get_theme_root();
	$theme_url  = url_place( get_theme_root_uri() );
	$links      = array( array( $themes, $theme_url ) );
	$folders    = array(
		array( $paths['plugins'], url_place( $urls['plugins'] ) ),
		array( $themes, $theme_url ),
		array( $paths['muPlugins'], url_place( WPMU_PLUGIN_URL ) ),
	);
	foreach ( $folders as $folder ) {
		foreach ( linked_folders( $folder[0] ) as $name => $target ) {
			$links[] = array( $target, trim( $folder[1] . '/' . $name, '/' ) );
		}
	}
	// What keeps each release of a site in a folder of its own links to what all of them share.
	$shared = linked_folders( $paths['content'] );
	if ( isset( $shared['languages'] ) ) {
		$links[] = array( $shared['languages'], trim( url_place( $urls['content'] ) . '/languages', '/' ) );
	}
	foreach ( $links as $number => $link ) {
		$candidates[] = array( 'link-' . $number, $link[0], $link[1] );
	}
	$roots = without_nested( array_merge( $candidates, autoloaded_folders() ) );
	return $roots;
}

/**
 * The folder of the uploads, when it belongs to the site: by its path, since it may be a link to where there is room. The setting
 * upload_path may name any folder of the machine.
 *
 * @param array $paths See site_paths().
 * @return string Empty when it lies elsewhere.
 */
function own_uploads( array $paths ) {
	$uploads = wp_normalize_path( $paths['uploads'] );
	if ( 1 === preg_match( '~(^|/)\.\.(/|$)~', $uploads ) ) {
		return '';
	}
	foreach ( array( $paths['abspath'], $paths['content'], home_folder() ) as $folder ) {
		$folder = wp_normalize_path( (string) $folder );
		if ( '' !== $folder && ( is_within( $uploads, $folder ) || is_within( $uploads, (string) realpath( $folder ) ) ) ) {
			return $paths['uploads'];
		}
	}
	return '';
}

/**
 * Keeps the candidates that exist and are not covered by another.
 *
 * @param array[] $candidates Lists of id, path, place.
 */
function without_nested( array $candidates ) {
	$roots = array();
	foreach ( $candidates as $candidate ) {
		$real = '' === $candidate[1] ? false : realpath( $candidate[1] );
		// A root folder of "/" would hand out the machine.
		if ( false === $real || '/' === $real || ! is_dir( $real ) ) {
			continue;
		}
		foreach ( $roots as $root ) {
			if ( is_within( $real, $root['path'] ) || is_within( $root['path'], $real ) ) {
				continue 2;
			}
		}
		$roots[] = array(
			'id'    => $candidate[0],
			'path'  => $real,
			'place' => $candidate[2],
		);
	}
	return $roots;
}

/**
 * The folders outside that links directly in a folder lead to.
 *
 * @param string $folder Absolute.
 * @return array<string, string> Name of the link → real path.
 */
function linked_folders( $folder ) {
	$found = array();
	$names = is_dir( $folder ) ? scandir( $folder ) : array();
	foreach ( is_array( $names ) ? $names : array() as $name ) {
		$path = $folder . '/' . $name;
		if ( '.' !== $name && '..' !== $name && is_link( $path ) && is_dir( $path ) ) {
			$real = realpath( $path );
			if ( false !== $real && ! is_within( $real, (string) realpath( $folder ) ) ) {
				$found[ $name ] = $real;
			}
		}
	}
	return $found;
}

/**
 * Whether a real path is a folder or lies in it.
 *
 * @param string $path   Real path.
 * @param string $folder Real path.
 */
function is_within( $path, $folder ) {
	return $path === $folder || 0 === strpos( $path, rtrim( $folder, '/' ) . '/' );
}

/**
 * The path of a URL, without slashes at the ends, as browsers read it: without empty parts and dots.
 *
 * @param string $url Absolute URL.
 */
function url_place( $url ) {
	$place = array();
	foreach ( explode( '/', rawurldecode( (string) wp_parse_url( (string) $url, PHP_URL_PATH ) ) ) as $part ) {
		if ( '..' === $part ) {
			array_pop( $place );
		} elseif ( '' !== $part && '.' !== $part ) {
			$place[] = $part;
		}
	}
	return implode( '/', $place );
}

/**
 * An address of the site, whole and without a slash at its end: some leave out the scheme, or the host too, and browsers add what they asked for.
 *
 * @param string $option "home" or "siteurl".
 */
function site_address( $option ) {
	$url = trim( (string) get_option( $option ) );
	if ( '' === $url || ( '/' === $url[0] && 0 !== strpos( $url, '//' ) ) ) {
		// phpcs:ignore WordPress.Security -- It is the address at which the site was asked.
		$url = '//' . ( isset( $_SERVER['HTTP_HOST'] ) ? (string) $_SERVER['HTTP_HOST'] : '' ) . $url;
	}
	return untrailingslashit( 0 === strpos( $url, '//' ) ? ( is_ssl() ? 'https:' : 'http:' ) . $url : $url );
}
