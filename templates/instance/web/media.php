<?php
/**
 * With --media proxy the uploads stay at the source: each is fetched when it is first asked for, and kept.
 * Only below the uploads folder, only the kinds of file listed here, only from the source's own host.
 */

const WPCLONE_MEDIA_TYPES = array(
	'avif' => 'image/avif', 'bmp' => 'image/bmp', 'gif' => 'image/gif', 'heic' => 'image/heic', 'ico' => 'image/x-icon',
	'jpeg' => 'image/jpeg', 'jpg' => 'image/jpeg', 'png' => 'image/png', 'svg' => 'image/svg+xml', 'tif' => 'image/tiff',
	'tiff' => 'image/tiff', 'webp' => 'image/webp',
	'm4a' => 'audio/mp4', 'mp3' => 'audio/mpeg', 'ogg' => 'audio/ogg', 'wav' => 'audio/wav', 'flac' => 'audio/flac',
	'm4v' => 'video/mp4', 'mov' => 'video/quicktime', 'mp4' => 'video/mp4', 'ogv' => 'video/ogg', 'webm' => 'video/webm',
	'vtt' => 'text/vtt',
	'css' => 'text/css', 'csv' => 'text/csv', 'doc' => 'application/msword', 'json' => 'application/json',
	'docx' => 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'epub' => 'application/epub+zip',
	'odt' => 'application/vnd.oasis.opendocument.text', 'pdf' => 'application/pdf', 'ppt' => 'application/vnd.ms-powerpoint',
	'pptx' => 'application/vnd.openxmlformats-officedocument.presentationml.presentation', 'rtf' => 'application/rtf',
	'txt' => 'text/plain', 'xls' => 'application/vnd.ms-excel',
	'xlsx' => 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'zip' => 'application/zip',
	'otf' => 'font/otf', 'ttf' => 'font/ttf', 'woff' => 'font/woff', 'woff2' => 'font/woff2',
);
const WPCLONE_MEDIA_BYTES   = 536870912;
const WPCLONE_MEDIA_SECONDS = 120;
// A clone has few PHP processes: each that waits for a source that says nothing is one less for its pages.
const WPCLONE_MEDIA_SILENCE = 20;

/** Answers the request when it is for an upload; returns when it is not. */
function wpclone_offer_media( $settings, $www, $path ) {
	$type = wpclone_media_type( $path );
	if ( 'proxy' !== $settings['media'] || null === $type || 0 !== strpos( $path, $settings['uploadsPath'] . '/' ) ) {
		return;
	}
	if ( ! in_array( $_SERVER['REQUEST_METHOD'], array( 'GET', 'HEAD' ), true ) ) {
		wpclone_answer_text( 405, "Method not allowed.\n" );
	}
	$file = $www . $path;
	$lock = fopen( dirname( $www ) . '/run/tmp/media-' . substr( sha1( $path ), 0, 2 ) . '.lock', 'c' );
	// Whoever asks for the same file meanwhile waits for this fetch and then finds the file.
	flock( $lock, LOCK_EX );
	clearstatcache();
	$status = is_file( $file ) ? 200 : wpclone_fetch_media( $settings, $path, $file );
	flock( $lock, LOCK_UN );
	if ( 200 !== $status ) {
		wpclone_answer_text( $status, "The source did not give this file ($status).\n" );
	}
	header( 'Content-Type: ' . $type );
	header( 'Content-Length: ' . filesize( $file ) );
	header( 'X-Content-Type-Options: nosniff' );
	if ( 'HEAD' !== $_SERVER['REQUEST_METHOD'] ) {
		readfile( $file );
	}
	exit;
}

function wpclone_media_type( $path ) {
	$extension = strtolower( (string) pathinfo( $path, PATHINFO_EXTENSION ) );
	// image.php.jpg: some web servers would run it.
	if ( preg_match( '~\.(?:php\d?|phtml|phar)(?:\.|$)~i', basename( $path ) ) ) {
		return null;
	}
	return isset( WPCLONE_MEDIA_TYPES[ $extension ] ) ? WPCLONE_MEDIA_TYPES[ $extension ] : null;
}

/**
 * Where the source serves its uploads. The site says where that is, and may say anything: a host that only this machine reaches,
 * for example. Of another host than the site's own the path alone is taken.
 */
function wpclone_source_uploads( $settings ) {
	if ( wpclone_same_site( $settings['sourceUrl'], $settings['sourceUploads'] ) ) {
		return $settings['sourceUploads'];
	}
	return preg_replace( '~^([a-z]+://[^/?#]+).*$~is', '$1', $settings['sourceUrl'] ) . wpclone_encode_path( $settings['uploadsPath'] );
}

/** Fetches one upload into place. Returns the status to answer with: 200, the source's 404 or 410, otherwise 502. */
function wpclone_fetch_media( $settings, $path, $file ) {
	$url       = wpclone_source_uploads( $settings ) . wpclone_encode_path( substr( $path, strlen( $settings['uploadsPath'] ) ) );
	$temporary = tempnam( sys_get_temp_dir(), 'media' );
	$status    = 502;
	for ( $hop = 0; $hop < 4; $hop++ ) {
		list( $status, $location, $html ) = wpclone_download( $url, $temporary, $settings );
		if ( null === $location ) {
			break;
		}
		if ( ! wpclone_same_site( $settings['sourceUrl'], $location ) ) {
			$status = 502;
			break;
		}
		$url = $location;
	}
	// A page instead of a file: a log-in page or a "not found" that says 200.
	if ( 200 === $status && ! $html && ( is_dir( dirname( $file ) ) || @mkdir( dirname( $file ), 0755, true ) || is_dir( dirname( $file ) ) ) ) {
		chmod( $temporary, 0644 );
		return rename( $temporary, $file ) ? 200 : 502;
	}
	unlink( $temporary );
	if ( 200 === $status ) {
		return 404;
	}
	return in_array( $status, array( 404, 410 ), true ) ? $status : 502;
}

/** One request. Returns status, where a redirect leads or null, and whether the answer is a page. */
function wpclone_download( $url, $temporary, $settings ) {
	$insecure = $settings['insecureTls'];
	$out  = fopen( $temporary, 'wb' );
	$curl = curl_init( $url );
	curl_setopt_array(
		$curl,
		array(
			CURLOPT_FILE             => $out,
			// The environment of a clone sends all that ask it for a proxy into the void; this is the one way out.
			CURLOPT_PROXY            => '',
			CURLOPT_PROTOCOLS        => CURLPROTO_HTTP | CURLPROTO_HTTPS,
			CURLOPT_CONNECTTIMEOUT   => 10,
			CURLOPT_TIMEOUT          => WPCLONE_MEDIA_SECONDS,
			CURLOPT_LOW_SPEED_LIMIT  => 1,
			CURLOPT_LOW_SPEED_TIME   => WPCLONE_MEDIA_SILENCE,
			CURLOPT_USERAGENT        => isset( $settings['userAgent'] ) ? $settings['userAgent'] : 'wpclone',
			CURLOPT_SSL_VERIFYPEER   => ! $insecure,
			CURLOPT_SSL_VERIFYHOST   => $insecure ? 0 : 2,
			CURLOPT_NOPROGRESS       => false,
			CURLOPT_PROGRESSFUNCTION => function ( $handle, $total, $now ) {
				return max( $total, $now ) > WPCLONE_MEDIA_BYTES ? 1 : 0;
			},
		)
	);
	$done     = curl_exec( $curl );
	$status   = (int) curl_getinfo( $curl, CURLINFO_RESPONSE_CODE );
	$location = curl_getinfo( $curl, CURLINFO_REDIRECT_URL );
	$type     = (string) curl_getinfo( $curl, CURLINFO_CONTENT_TYPE );
	unset( $curl );
	$closed = fclose( $out );
	if ( ! $done || ! $closed ) {
		return array( 502, null, false );
	}
	return array( $status, $location ? $location : null, 0 === stripos( $type, 'text/html' ) );
}

function wpclone_same_site( $first, $second ) {
	$host = function ( $url ) {
		return preg_replace( '~^www\.~', '', strtolower( (string) parse_url( $url, PHP_URL_HOST ) ) );
	};
	$port = function ( $url ) {
		return parse_url( $url, PHP_URL_PORT );
	};
	return $host( $first ) === $host( $second ) && $port( $first ) === $port( $second );
}
