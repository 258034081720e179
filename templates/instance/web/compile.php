<?php
/** Has opcache read WordPress's own files while the rest of a clone still comes, so that its first pages need not, each in a process of its own. */

/** More than WordPress has of them. */
const WPCLONE_MOST_COMPILED = 600;

/** Compiles what every page loads, and runs none of it. Says how many files it was. */
function wpclone_compile_core( $www ) {
	if ( ! function_exists( 'opcache_compile_file' ) ) {
		return 0;
	}
	// What does not compile says so when it is run.
	error_reporting( 0 );
	// Who asked waits for three seconds.
	set_time_limit( 4 );
	$compiled = 0;
	foreach ( wpclone_core_files( $www ) as $file ) {
		try {
			$compiled += (int) @opcache_compile_file( $file );
		} catch ( Throwable $error ) {
			continue;
		}
	}
	return $compiled;
}

/** The files that WordPress's own lists name, of a WordPress in the document root or in a folder of it. */
function wpclone_core_files( $www ) {
	foreach ( array_merge( array( $www ), (array) glob( $www . '/*', GLOB_ONLYDIR ) ) as $core ) {
		if ( is_file( $core . '/wp-settings.php' ) ) {
			$found = array();
			foreach ( array( 'wp-settings.php', 'wp-admin/includes/admin.php' ) as $list ) {
				$text = (string) @file_get_contents( $core . '/' . $list, false, null, 0, 1 << 20 );
				preg_match_all( "~ABSPATH \\. (?:(WPINC) \\. '/|')([\\w/-]+(?:\\.[\\w/-]+)*\\.php)'~", $text, $names, PREG_SET_ORDER );
				foreach ( $names as $name ) {
					$found[ $core . ( 'WPINC' === $name[1] ? '/wp-includes/' : '/' ) . ltrim( $name[2], '/' ) ] = true;
				}
			}
			// Those of networks of sites are rarely needed.
			$files = preg_grep( '~/ms[-.][^/]*$~', array_keys( $found ), PREG_GREP_INVERT );
			return array_filter( array_slice( $files, 0, WPCLONE_MOST_COMPILED ), 'is_file' );
		}
	}
	return array();
}
