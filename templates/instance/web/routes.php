<?php
/** Which file answers a request. */

/**
 * Answers what needs no file, and otherwise prepares $_SERVER for the script that is to run.
 *
 * @return bool False when the web server is to send the requested file as it is.
 */
function wpclone_route( $www ) {
	$path = wpclone_request_path();
	if ( '/robots.txt' === $path ) {
		wpclone_answer_text( 200, "User-agent: *\nDisallow: /\n" );
	}

	$settings = wpclone_settings( dirname( $www ) );
	if ( wpclone_is_login_link() ) {
		return wpclone_follow_login_link( $www, $settings );
	}
	if ( ! empty( $settings['htaccess'] ) ) {
		$other = wpclone_follow_htaccess( $www, $path );
		if ( null !== $other ) {
			return wpclone_answer_with( $www, $other['path'], $other['query'] );
		}
	}
	$file = $www . $path;
	if ( is_dir( $file ) ) {
		$index = wpclone_index_of( $www, $path, $settings );
		if ( null !== $index ) {
			return $index;
		}
	} elseif ( is_file( $file ) && ! preg_match( '~\.(?:php\d?|phtml|phar)$~i', $path ) ) {
		if ( wpclone_is_closed( $www, $path ) ) {
			wpclone_answer_text( 403, "Forbidden.\n" );
		}
		return wpclone_leave_to_server( $path );
	}
	// A script, also with a path behind it: /index.php/2026/hello.
	if ( preg_match( '~^(/.*?\.php)(/.*)?$~s', $path, $parts ) && is_file( $www . $parts[1] ) ) {
		return wpclone_run( $www, $parts[1], isset( $parts[2] ) ? $parts[2] : '' );
	}

	wpclone_offer_media( $settings, $www, $path );
	return wpclone_front_controller( $settings, $www, $path );
}

/** Answers with another file than the one that was asked for, which its script is still told. */
function wpclone_answer_with( $www, $path, $query ) {
	if ( preg_match( '~\.php$~i', $path ) ) {
		$_SERVER['QUERY_STRING'] = $query;
		parse_str( $query, $_GET );
		$_REQUEST = array_merge( $_GET, $_POST );
		return wpclone_run( $www, $path, '' );
	}
	if ( wpclone_is_closed( $www, $path ) || preg_match( '~\.(?:php\d?|phtml|phar)$~i', $path ) ) {
		wpclone_answer_text( 403, "Forbidden.\n" );
	}
	if ( 'cli-server' !== PHP_SAPI ) {
		return wpclone_leave_to_server( $path );
	}
	// PHP's own server sends no other file than the one that was asked for.
	$type = preg_match( '~\.m?js$~i', $path ) ? 'text/javascript' : wpclone_media_type( $path );
	wpclone_send_page( $www . $path, null === $type ? 'text/html' : $type );
}

/** The decoded path; refuses what no browser asks for and hidden files, which a host's web server would refuse too. */
function wpclone_request_path() {
	$raw  = preg_replace( '~[?#].*$~s', '', (string) $_SERVER['REQUEST_URI'] );
	$path = rawurldecode( '/' . ltrim( $raw, '/' ) );
	if ( preg_match( '~\0|(?:^|/)\.\.(?:/|$)~', $path ) ) {
		wpclone_answer_text( 400, "Bad request.\n" );
	}
	if ( preg_match( '~/\.(?!well-known(?:/|$))~', $path ) ) {
		wpclone_answer_text( 404, "Not found.\n" );
	}
	return $path;
}

/** Runs WordPress's index.php at the path of the site's address; all else on this origin leads there. */
function wpclone_front_controller( $settings, $www, $path ) {
	$home = $settings['homePath'];
	if ( '' !== $home && 0 !== strpos( $path . '/', $home . '/' ) ) {
		if ( '/' === $path ) {
			wpclone_redirect( wpclone_encode_path( $home ) . '/' );
		}
		wpclone_answer_text( 404, "Not found.\n" );
	}
	return wpclone_run( $www, $home . '/index.php', '' );
}

function wpclone_run( $www, $script, $path_info ) {
	if ( ! is_file( $www . $script ) ) {
		wpclone_answer_text( 404, "Not found.\n" );
	}
	$url = parse_url( wpclone_settings( dirname( $www ) )['cloneUrl'] );

	$_SERVER['DOCUMENT_ROOT']   = $www;
	$_SERVER['SCRIPT_FILENAME'] = $www . $script;
	$_SERVER['SCRIPT_NAME']     = $script;
	$_SERVER['PHP_SELF']        = $script . $path_info;
	$_SERVER['SERVER_NAME']     = $url['host'];
	// Some web servers in front leave the port out; WordPress would redirect to itself for ever.
	if ( isset( $url['port'], $_SERVER['HTTP_HOST'] ) && 0 === strcasecmp( $_SERVER['HTTP_HOST'], $url['host'] ) ) {
		$_SERVER['HTTP_HOST'] = $url['host'] . ':' . $url['port'];
	}
	unset( $_SERVER['PATH_INFO'], $_SERVER['ORIG_PATH_INFO'], $_SERVER['PATH_TRANSLATED'] );
	if ( '' !== $path_info ) {
		$_SERVER['PATH_INFO'] = $path_info;
	}
	wpclone_tell_scheme( 'https' === $url['scheme'] || ! empty( wpclone_settings( dirname( $www ) )['sourceHttps'] ) );
	return true;
}

/**
 * A front that ends TLS, and a source on https: there, code redirects to https for as long as it takes a request for plain http.
 * What it then writes is corrected on the way out.
 */
function wpclone_tell_scheme( $secure ) {
	// PHP's own server says neither.
	$_SERVER += array(
		'REQUEST_SCHEME' => 'http',
		'SERVER_ADDR'    => '127.0.0.1',
	);
	if ( $secure ) {
		$_SERVER['HTTPS']                  = 'on';
		$_SERVER['REQUEST_SCHEME']         = 'https';
		$_SERVER['HTTP_X_FORWARDED_PROTO'] = 'https';
	}
}

/** What stands for a folder: a script that is to run (true), a page that is sent here, or nothing (null). */
function wpclone_index_of( $www, $path, array $settings ) {
	$folder = rtrim( $path, '/' ) . '/';
	foreach ( wpclone_index_names( $www, $path, $settings ) as $name ) {
		if ( ! preg_match( '~^[\w.-]+$~', $name ) || '.' === $name[0] || ! is_file( $www . $folder . $name ) ) {
			continue;
		}
		if ( '/' !== substr( $path, -1 ) ) {
			$query = (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_QUERY );
			wpclone_redirect( wpclone_encode_path( $folder ) . ( '' === $query ? '' : '?' . $query ) );
		}
		if ( preg_match( '~\.php$~i', $name ) ) {
			return wpclone_run( $www, $folder . $name, '' );
		}
		if ( wpclone_is_closed( $www, $folder . $name ) ) {
			wpclone_answer_text( 403, "Forbidden.\n" );
		}
		wpclone_send_page( $www . $folder . $name );
	}
	return null;
}

/** A page that is a file. PHP's own server would take index.php where there is one. */
function wpclone_send_page( $file, $type = 'text/html' ) {
	ini_set( 'default_charset', '' );
	header( 'Content-Type: ' . $type );
	wpclone_watch_output();
	if ( 'HEAD' !== $_SERVER['REQUEST_METHOD'] ) {
		readfile( $file );
	}
	exit;
}

/** PHP's own server sends the file itself; nginx is told to by a header and finds out the type by itself. */
function wpclone_leave_to_server( $path ) {
	if ( 'cli-server' === PHP_SAPI ) {
		return false;
	}
	header( 'Content-Type:' );
	header( 'X-Accel-Redirect: /-/wpclone/static' . wpclone_encode_path( $path ) );
	exit;
}

function wpclone_encode_path( $path ) {
	return implode( '/', array_map( 'rawurlencode', explode( '/', $path ) ) );
}
