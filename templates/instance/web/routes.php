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

	$file = $www . $path;
	if ( is_dir( $file ) && is_file( rtrim( $file, '/' ) . '/index.php' ) ) {
		if ( '/' !== substr( $path, -1 ) ) {
			$query = (string) parse_url( $_SERVER['REQUEST_URI'], PHP_URL_QUERY );
			wpclone_redirect( wpclone_encode_path( $path ) . '/' . ( '' === $query ? '' : '?' . $query ) );
		}
		return wpclone_run( $www, $path . 'index.php', '' );
	}
	if ( is_file( $file ) && ! preg_match( '~\.(?:php\d?|phtml|phar)$~i', $path ) ) {
		if ( wpclone_is_closed( $www, $path ) ) {
			wpclone_answer_text( 403, "Forbidden.\n" );
		}
		return wpclone_leave_to_server( $path );
	}
	// A script, also with a path behind it: /index.php/2026/hello.
	if ( preg_match( '~^(/.*?\.php)(/.*)?$~s', $path, $parts ) && is_file( $www . $parts[1] ) ) {
		return wpclone_run( $www, $parts[1], isset( $parts[2] ) ? $parts[2] : '' );
	}

	$settings = wpclone_settings( dirname( $www ) );
	wpclone_offer_media( $settings, $www, $path );
	return wpclone_front_controller( $settings, $www, $path );
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
	// Behind a front that ends TLS, WordPress would otherwise redirect to https for ever.
	if ( 'https' === $url['scheme'] ) {
		$_SERVER['HTTPS'] = 'on';
	}
	return true;
}

/**
 * Whether a folder above the file is closed by an .htaccess, as plugins close their logs and paid downloads. Only the plain
 * "nobody" is understood; rules for some files of a folder are not.
 */
function wpclone_is_closed( $www, $path ) {
	for ( $folder = dirname( $path ); ; $folder = dirname( $folder ) ) {
		$rules = $www . $folder . '/.htaccess';
		if ( is_file( $rules ) ) {
			$text = preg_replace( '~<(Files\w*)\b.*?</\1>~is', '', (string) file_get_contents( $rules, false, null, 0, 65536 ) );
			if ( preg_match( '~^\s*(?:deny\s+from\s+all|require\s+all\s+denied)\b~im', $text ) ) {
				return true;
			}
		}
		if ( strlen( $folder ) <= 1 ) {
			return false;
		}
	}
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
