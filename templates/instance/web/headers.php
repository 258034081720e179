<?php
/** Headers as they leave a clone, which may speak http where its site believes in https. */

/** Called by PHP just before it sends the headers (header_register_callback). */
function wpclone_correct_headers() {
	$secure = 'https' === parse_url( wpclone_settings( getenv( 'WPCLONE_INSTANCE' ) )['cloneUrl'], PHP_URL_SCHEME );
	header_remove( 'Strict-Transport-Security' );
	$values  = array();
	$changed = array();
	foreach ( headers_list() as $line ) {
		list( $name, $value ) = array_map( 'trim', array_pad( explode( ':', $line, 2 ), 2, '' ) );
		$new                  = wpclone_correct_header( strtolower( $name ), $value, $secure );
		$values[ $name ][]    = $new;
		if ( $new !== $value ) {
			$changed[ $name ] = true;
		}
	}
	foreach ( array_keys( $changed ) as $name ) {
		header_remove( $name );
		foreach ( $values[ $name ] as $value ) {
			header( $name . ': ' . $value, false );
		}
	}
}

function wpclone_correct_header( $name, $value, $secure ) {
	if ( 'set-cookie' === $name ) {
		return wpclone_correct_cookie( $value, $secure );
	}
	if ( ! $secure && 0 === strpos( $name, 'content-security-policy' ) ) {
		$value = preg_replace( '~(?:upgrade-insecure-requests|block-all-mixed-content)\s*;?\s*~i', '', $value );
	}
	return wpclone_correct_text( $value );
}

/** Browsers drop a cookie for another host, and a secure one that came over http. */
function wpclone_correct_cookie( $cookie, $secure ) {
	$cookie = preg_replace( '~;\s*domain=[^;]*~i', '', $cookie );
	if ( $secure || preg_match( '~^__(?:Host|Secure)-~', $cookie ) ) {
		return $cookie;
	}
	return preg_replace( array( '~;\s*secure\b(?=\s*(?:;|$))~i', '~;\s*samesite=none~i' ), array( '', '; SameSite=Lax' ), $cookie );
}
