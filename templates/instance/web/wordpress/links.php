<?php
/**
 * A theme may hold the live site's address in its code, where no rewriting reaches it. A click in a copy must not land on
 * the live site, so the attributes that lead somewhere are corrected on the way out.
 */

defined( 'ABSPATH' ) || exit;

// WordPress takes a server that it does not know for one that needs index.php in its permalinks: to save them here would change them all.
add_filter( 'got_url_rewrite', '__return_true', PHP_INT_MAX );

/** An expression for the start of an address of the source, and what takes its place. */
function wpclone_source_address() {
	static $address = null;
	if ( null === $address ) {
		$settings = wpclone_instance_settings();
		$parts    = wp_parse_url( $settings['sourceUrl'] );
		$host     = preg_quote( preg_replace( '~^www\.~i', '', $parts['host'] ), '~' );
		$port     = isset( $parts['port'] ) ? ':' . (int) $parts['port'] : '';
		$path     = isset( $parts['path'] ) ? preg_quote( rtrim( $parts['path'], '/' ), '~' ) : '';
		$address  = array( "~(?:https?:)?//(?:www\\.)?{$host}{$port}{$path}(?![\\w.:-])~i", $settings['cloneUrl'] );
	}
	return $address;
}

function wpclone_correct_links( $html ) {
	list( $pattern, $replacement ) = wpclone_source_address();
	$corrected = preg_replace_callback(
		'~(\s(?:href|src|srcset|action|formaction|poster|data-src|data-srcset)\s*=\s*)("[^"]*"|\'[^\']*\'|[^\s>"\']+)~i',
		function ( $attribute ) use ( $pattern, $replacement ) {
			$value = preg_replace_callback(
				$pattern,
				function () use ( $replacement ) {
					return $replacement;
				},
				$attribute[2]
			);
			return $attribute[1] . ( null === $value ? $attribute[2] : $value );
		},
		$html
	);
	return null === $corrected ? $html : $corrected;
}

add_action(
	'template_redirect',
	function () {
		if ( ! is_feed() && ! is_robots() ) {
			ob_start( 'wpclone_correct_links' );
		}
	},
	PHP_INT_MIN
);
