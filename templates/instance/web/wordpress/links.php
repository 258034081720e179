<?php
/** Links as a clone needs them; what is printed elsewhere is corrected on its way out, see output.php. */

defined( 'ABSPATH' ) || exit;

// WordPress takes a server that it does not know for one that needs index.php in its permalinks: to save them here would change them all.
add_filter( 'got_url_rewrite', '__return_true', PHP_INT_MAX );

/** An address of the clone with the scheme that it answers: where the site believes in https, WordPress writes https. */
function wpclone_own_scheme( $url ) {
	$own = explode( '://', wpclone_instance_settings()['cloneUrl'], 2 );
	$ours = '~^https?://' . preg_quote( preg_replace( '~/.*$~s', '', $own[1] ), '~' ) . '(?![\w.:-])~i';
	return preg_match( $ours, $url ) ? preg_replace( '~^https?~i', $own[0], $url ) : $url;
}
add_filter( 'set_url_scheme', 'wpclone_own_scheme', PHP_INT_MAX );

// To the same address with another scheme: the clone has one only.
add_filter(
	'redirect_canonical',
	function ( $redirect, $requested ) {
		return is_string( $redirect ) && wpclone_own_scheme( $redirect ) === wpclone_own_scheme( $requested ) ? false : $redirect;
	},
	PHP_INT_MAX,
	2
);

// A plugin that ended all output buffers, to print something of its own, ended ours too. At a command line there is no router, and none.
add_action(
	'template_redirect',
	function () {
		if ( function_exists( 'wpclone_correct_output' ) && ! in_array( 'wpclone_correct_output', ob_list_handlers(), true ) ) {
			ob_start( 'wpclone_correct_output', WPCLONE_OUTPUT_BYTES );
		}
	},
	PHP_INT_MIN
);
