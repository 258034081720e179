<?php
/** The rules of .htaccess files that need no conditions: Redirect, RedirectMatch, and RewriteRule. */

/**
 * Answers the request when one of them says how; returns the path, with a query or without, of another file that is to answer it, or null. By such
 * rules plugins hide the folders of WordPress: without them a page has no styles.
 */
function wpclone_follow_htaccess( $www, $path ) {
	$rewriting = null;
	foreach ( wpclone_htaccess( $www, $path ) as $file ) {
		$words = array();
		foreach ( $file['lines'] as $line ) {
			if ( null === $line['files'] ) {
				$words[] = $line['words'];
			}
		}
		foreach ( $words as $directive ) {
			wpclone_redirect_directive( $directive, $path );
		}
		// Rules of a folder take the place of those above it.
		if ( in_array( array( 'rewriteengine', 'on' ), array_map( 'wpclone_lower', $words ), true ) ) {
			$rewriting = array( $file['folder'], $words );
		}
	}
	return null === $rewriting ? null : wpclone_rewrite_rules( $www, $rewriting[0], $rewriting[1], $path );
}

function wpclone_lower( array $words ) {
	return array_map( 'strtolower', $words );
}

const WPCLONE_REDIRECTS = array(
	'permanent' => 301,
	'temp'      => 302,
	'seeother'  => 303,
	'gone'      => 410,
);

/** Redirect [STATUS] PREFIX [TARGET] and RedirectMatch [STATUS] EXPRESSION [TARGET] (Apache, mod_alias). */
function wpclone_redirect_directive( array $words, $path ) {
	$name   = array_shift( $words );
	$status = 302;
	if ( 'redirectpermanent' === $name || 'redirecttemp' === $name ) {
		$status = 'redirectpermanent' === $name ? 301 : 302;
		$name   = 'redirect';
	} elseif ( 'redirect' !== $name && 'redirectmatch' !== $name ) {
		return;
	} elseif ( isset( $words[0] ) && preg_match( '~^(?:\d{3}|permanent|temp|seeother|gone)$~i', $words[0] ) ) {
		$word   = strtolower( array_shift( $words ) );
		$status = isset( WPCLONE_REDIRECTS[ $word ] ) ? WPCLONE_REDIRECTS[ $word ] : (int) $word;
	}
	if ( ! isset( $words[0] ) ) {
		return;
	}
	$target = isset( $words[1] ) ? $words[1] : '';
	if ( 'redirectmatch' === $name ) {
		if ( 1 === @preg_match( wpclone_htaccess_expression( $words[0] ), $path, $found ) ) {
			wpclone_answer_redirect( $status, wpclone_fill_references( $target, $found ), $path );
		}
		return;
	}
	if ( $path === $words[0] || 0 === strpos( $path, rtrim( $words[0], '/' ) . '/' ) ) {
		wpclone_answer_redirect( $status, $target . wpclone_encode_path( (string) substr( $path, strlen( $words[0] ) ) ), $path );
	}
}

/** RewriteRule EXPRESSION TARGET [FLAGS] (Apache, mod_rewrite), without conditions. Returns what wpclone_follow_htaccess does. */
function wpclone_rewrite_rules( $www, $folder, array $lines, $path ) {
	$below = ltrim( (string) substr( $path, strlen( $folder ) ), '/' );
	$base  = $folder . '/';
	$skip  = 0;
	foreach ( $lines as $words ) {
		if ( 'rewritebase' === $words[0] && isset( $words[1] ) ) {
			$base = rtrim( $words[1], '/' ) . '/';
		} elseif ( 'rewritecond' === $words[0] ) {
			$skip = max( 1, $skip );
		} elseif ( 'rewriterule' === $words[0] && isset( $words[2] ) ) {
			$flags = isset( $words[3] ) ? array_map( 'trim', explode( ',', strtoupper( trim( $words[3], '[]' ) ) ) ) : array();
			$fits  = 0 === $skip && wpclone_rule_fits( $words[1], $flags, $below, $found );
			$other = $fits ? wpclone_answer_rule( $words[2], $flags, $found, $base, $path ) : null;
			if ( null !== $other && is_file( $www . $other['path'] ) ) {
				return $other;
			}
			if ( $fits && array_intersect( array( 'L', 'LAST', 'END' ), $flags ) ) {
				return null;
			}
			$skip = max( 0, $skip - 1, wpclone_rules_to_skip( $flags, $fits ) );
		}
	}
	return null;
}

/** How many of the next rules are passed over: after one that fits and says so, or after a link of a chain that does not. */
function wpclone_rules_to_skip( array $flags, $fits ) {
	if ( ! $fits ) {
		return array_intersect( array( 'C', 'CHAIN' ), $flags ) ? 1 : 0;
	}
	$skipping = preg_grep( '~^(?:S|SKIP)=\d+$~', $flags );
	return $skipping ? (int) explode( '=', end( $skipping ) )[1] : 0;
}

function wpclone_rule_fits( $expression, array $flags, $below, &$found ) {
	$found    = array();
	$not      = '!' === $expression[0];
	$case     = array_intersect( array( 'NC', 'NOCASE' ), $flags ) ? 'i' : '';
	$fits     = 1 === @preg_match( wpclone_htaccess_expression( $not ? substr( $expression, 1 ) : $expression, $case ), $below, $found );
	return $not ? ! $fits : $fits;
}

/** Answers what a rule that fits says, or returns the path of the file that answers instead, with the query; null when it names none. */
function wpclone_answer_rule( $target, array $flags, array $found, $base, $path ) {
	if ( array_intersect( array( 'F', 'FORBIDDEN' ), $flags ) ) {
		wpclone_answer_text( 403, "Forbidden.\n" );
	}
	if ( array_intersect( array( 'G', 'GONE' ), $flags ) ) {
		wpclone_answer_text( 410, "Gone.\n" );
	}
	$redirect = preg_grep( '~^(?:R|REDIRECT)(?:=|$)~', $flags );
	if ( $redirect && false === strpos( $target, '%{' ) ) {
		$code   = explode( '=', end( $redirect ) . '=302' )[1];
		$code   = isset( WPCLONE_REDIRECTS[ strtolower( $code ) ] ) ? WPCLONE_REDIRECTS[ strtolower( $code ) ] : (int) $code;
		$target = wpclone_fill_references( $target, $found );
		wpclone_answer_redirect( $code, preg_match( '~^(?:/|[a-z]+://)~i', $target ) ? $target : $base . $target, $path );
	}
	if ( $redirect || '-' === $target || 1 === preg_match( '~%\{|^[a-z]+:~i', $target ) ) {
		return null;
	}
	$target = wpclone_fill_references( $target, $found );
	$parts  = explode( '?', '/' === $target[0] ? $target : $base . $target, 2 );
	$inner  = rawurldecode( $parts[0] );
	$asked  = (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_QUERY );
	$added  = ! isset( $parts[1] ) || array_intersect( array( 'QSA', 'QSAPPEND' ), $flags ) ? $asked : '';
	return preg_match( '~\0|/\.~', $inner ) ? null : array(
		'path'  => $inner,
		'query' => implode( '&', array_filter( array( isset( $parts[1] ) ? $parts[1] : '', $added ), 'strlen' ) ),
	);
}

/** `$1` and its like. */
function wpclone_fill_references( $target, array $found ) {
	return preg_replace_callback(
		'~\\\\?\$(\d)~',
		function ( $reference ) use ( $found ) {
			return isset( $found[ (int) $reference[1] ] ) ? wpclone_encode_path( $found[ (int) $reference[1] ] ) : '';
		},
		$target
	);
}

/** Answers with a redirect, unless it leads to where the request came from: the clone lives at one address. */
function wpclone_answer_redirect( $status, $target, $path ) {
	if ( $status < 300 || $status > 399 ) {
		wpclone_answer_text( $status >= 400 && $status < 600 ? $status : 404, 410 === $status ? "Gone.\n" : "Not found.\n" );
	}
	$target = wpclone_correct_text( $target );
	$own    = preg_replace( '~^(https?://[^/]+).*$~s', '$1', wpclone_settings( getenv( 'WPCLONE_INSTANCE' ) )['cloneUrl'] );
	$local  = 0 === strpos( $target . '/', $own . '/' ) ? '/' . ltrim( substr( $target, strlen( $own ) ), '/' ) : $target;
	if ( '' === $target || rawurldecode( (string) preg_replace( '~[?#].*$~s', '', $local ) ) === $path ) {
		return;
	}
	$query = (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_QUERY );
	if ( '' !== $query && false === strpos( $target, '?' ) ) {
		$target .= '?' . $query;
	}
	http_response_code( $status );
	header( 'Location: ' . $target, true, $status );
	exit;
}
