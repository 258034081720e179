<?php
/**
 * What a page says on its way out. Code and styles may hold the live site's address, where no rewriting of the database reaches
 * it, and a site that believes in https writes links that the clone does not answer. Corrected from the first byte on, in pieces:
 * nothing is held longer than it takes to see an address whole.
 */

/** Bytes that are collected before a piece is corrected and sent. */
const WPCLONE_OUTPUT_BYTES = 65536;
/** No address is longer, in any way of writing it. */
const WPCLONE_ADDRESS_BYTES = 512;

/** From here on all that the script prints, and its headers, pass through the functions below. */
function wpclone_watch_output() {
	// Compressed bytes could not be corrected; the web server in front compresses by itself.
	unset( $_SERVER['HTTP_ACCEPT_ENCODING'] );
	header_register_callback( 'wpclone_correct_headers' );
	ob_start( 'wpclone_correct_output', WPCLONE_OUTPUT_BYTES );
}

/** An output handler, see ob_start. What is no text passes as it is. */
function wpclone_correct_output( $bytes, $phase ) {
	static $held = '', $is_text = null;
	if ( $phase & PHP_OUTPUT_HANDLER_START ) {
		$held    = '';
		$is_text = null;
	}
	if ( $phase & PHP_OUTPUT_HANDLER_CLEAN ) {
		$held = '';
		return '';
	}
	$first = null === $is_text;
	if ( $first ) {
		$is_text = wpclone_is_correctable( $bytes );
	}
	if ( ! $is_text ) {
		return $bytes;
	}
	$bytes = $held . $bytes;
	$held  = '';
	$last  = (bool) ( $phase & PHP_OUTPUT_HANDLER_FINAL );
	if ( ! $last ) {
		$held  = wpclone_open_end( $bytes );
		$bytes = substr( $bytes, 0, strlen( $bytes ) - strlen( $held ) );
	}
	$corrected = wpclone_correct_text( $bytes );
	if ( $first && ! headers_sent() ) {
		wpclone_correct_length( $last && '' === $held ? strlen( $corrected ) - strlen( $bytes ) : null );
	}
	return $corrected;
}

/** The end of a piece in which an address may have begun: back to the last sign that is in none. */
function wpclone_open_end( $bytes ) {
	$end    = substr( $bytes, -WPCLONE_ADDRESS_BYTES );
	$length = strcspn( strrev( $end ), " \t\r\n\"'<>(),=" );
	return 0 === $length ? '' : substr( $end, -$length );
}

/** Whether the answer is text in which addresses may be exchanged: feeds name their entries by addresses that never change. */
function wpclone_is_correctable( $start ) {
	// The theme and plugin editors: what is saved there must be what the file holds.
	if ( isset( $_SERVER['SCRIPT_NAME'] ) && preg_match( '~/(?:theme|plugin)-editor\.php$~', $_SERVER['SCRIPT_NAME'] ) ) {
		return false;
	}
	$type = 'text/html';
	foreach ( headers_list() as $line ) {
		list( $name, $value ) = array_pad( explode( ':', $line, 2 ), 2, '' );
		$name                 = strtolower( $name );
		if ( 'content-encoding' === $name && 'identity' !== strtolower( trim( $value ) ) ) {
			return false;
		}
		// Parts of a file, and files to keep.
		if ( 'content-range' === $name || 'accept-ranges' === $name || ( 'content-disposition' === $name && false !== stripos( $value, 'attachment' ) ) ) {
			return false;
		}
		if ( 'content-type' === $name ) {
			$type = strtolower( trim( explode( ';', $value )[0] ) );
		}
	}
	return preg_match( '~^(?:text/(?:html|css|javascript|x-javascript|plain)|application/(?:[a-z.+-]*\+)?(?:json|javascript|x-javascript)|application/xhtml\+xml)$~', $type )
		// A file without its type, or PHP's serialized values, in which lengths count.
		&& ! preg_match( '~^(?:\s*(?:[aO]:\d+:[{"]|s:\d+:")|%PDF-|PK\x03\x04|\x1f\x8b|[^\0]{0,1000}\0)~', $start );
}

/** A length that the script gave itself no longer fits what was corrected; null when that is not known yet. */
function wpclone_correct_length( $difference ) {
	foreach ( headers_list() as $line ) {
		if ( 0 === stripos( $line, 'content-length:' ) ) {
			if ( null === $difference ) {
				header_remove( 'Content-Length' );
			} else {
				header( 'Content-Length: ' . max( 0, (int) substr( $line, 15 ) + $difference ) );
			}
		}
	}
}

/** A text with the addresses of the source exchanged for the clone's, however they are written. */
function wpclone_correct_text( $text ) {
	list( $hosts, $pattern, $targets ) = wpclone_addresses();
	foreach ( $hosts as $host ) {
		if ( false !== stripos( $text, $host ) ) {
			$corrected = preg_replace_callback(
				$pattern,
				function ( $match ) use ( $targets ) {
					return wpclone_exchange_address( $match, $targets );
				},
				$text
			);
			$text      = null === $corrected ? $text : $corrected;
			break;
		}
	}
	// It would send a browser to an https that the clone does not speak.
	$plain = preg_replace( '~(<meta[^>]{1,200}content-security-policy[^>]*?)(?:upgrade-insecure-requests|block-all-mixed-content);?~i', '$1', $text );
	return null === $plain ? $text : $plain;
}

/** One address, written in the same way as the one that was found: escaped for JSON, for a query or for HTML. */
function wpclone_exchange_address( array $match, array $targets ) {
	list( , $scheme, $colon, $slash ) = $match;
	$plain  = preg_replace( array( '~' . WPCLONE_COLON . '~i', '~' . WPCLONE_SLASH . '~i' ), array( ':', '/' ), $match[4] );
	$target = $targets[ strtolower( $plain ) ];
	$rest   = strtr(
		$target['rest'],
		array(
			'/' => $slash,
			':' => '' !== $colon ? $colon : ( '%' === $slash[0] ? '%3A' : ':' ),
		)
	);
	if ( '' === $scheme ) {
		return $slash . $slash . $rest;
	}
	$secure = 'https' === $target['scheme'];
	$own    = 'w' === strtolower( $scheme[0] ) ? ( $secure ? 'wss' : 'ws' ) : $target['scheme'];
	return $own . $colon . $slash . $slash . $rest;
}
