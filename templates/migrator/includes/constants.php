<?php
/**
 * The constants that the site's configuration defines: those that code of the site may need, without secrets.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** In the name of a constant that holds a secret, or leads to one. */
const SECRET_CONSTANTS = '/KEY|SECRET|PASS|PWD|TOKEN|SALT|AUTH(?!OR)|CREDENTIAL|DSN|PRIVATE|NONCE|LICEN[CS]E|SIGNATURE|USER(?:NAME)?$|LOGIN$/i';

/** How secrets of well-known services begin, keys, and addresses with a password in them. */
const SECRET_VALUES = '/^(?:sk|pk|rk|whsec|ghp|gho|glpat|xox[abp]|AKIA|SG\.|AIza|eyJ)[\w.-]{8}|-----BEGIN|:\/\/[^\/\s@]*@/';

/** Bytes of one value, and of all. */
const CONSTANT_BYTES  = 8192;
const CONSTANTS_BYTES = 131072;

/**
 * The constants, and the names of those whose values are not told. PHP keeps them in the order in which they were defined: what
 * wp-config.php and its files define stands between the first of WordPress's own (ABSPATH, in wp-load.php) and the first of
 * wp-settings.php (WPINC). What plugins define stands behind.
 *
 * @return array{told: array, withheld: string[], paths: string[]}
 */
function configured_constants() {
	$all    = get_defined_constants( true );
	$all    = isset( $all['user'] ) ? $all['user'] : array();
	$names  = array_keys( $all );
	$first  = array_search( 'ABSPATH', $names, true );
	$last   = array_search( 'WPINC', $names, true );
	$told   = array();
	$others = array();
	$paths  = array();
	$bytes  = 0;
	foreach ( false === $first || false === $last ? array() : array_slice( $all, $first + 1, max( 0, $last - $first - 1 ), true ) as $name => $value ) {
		if ( 0 === strpos( $name, 'DB_' ) || 1 !== preg_match( '//u', $name ) ) {
			continue;
		}
		$size   = is_tellable( $name, $value ) ? strlen( (string) wp_json_encode( $value ) ) : CONSTANT_BYTES + 1;
		$bytes += $size > CONSTANT_BYTES ? 0 : $size;
		if ( $size > CONSTANT_BYTES || $bytes > CONSTANTS_BYTES ) {
			$others[] = $name;
			continue;
		}
		$told[ $name ] = $value;
		if ( is_string( $value ) && '' !== $value && '/' === $value[0] && file_exists( $value ) ) {
			$paths[] = $name;
		}
	}
	return array(
		'told'     => $told,
		'withheld' => $others,
		'paths'    => $paths,
	);
}

/**
 * Whether a constant holds nothing but plain values and no secret, as far as can be seen. An array is looked through with its keys.
 *
 * @param string|int $name  Name of the constant or key of the array.
 * @param mixed      $value Value.
 * @param int        $depth How deep inside arrays.
 */
function is_tellable( $name, $value, $depth = 0 ) {
	if ( is_bool( $value ) || null === $value ) {
		return true;
	}
	if ( 1 === preg_match( SECRET_CONSTANTS, (string) $name ) ) {
		return false;
	}
	if ( is_int( $value ) ) {
		return true;
	}
	if ( is_float( $value ) ) {
		return is_finite( $value );
	}
	if ( is_array( $value ) && $depth < 4 ) {
		foreach ( $value as $key => $inner ) {
			if ( 1 !== preg_match( '//u', (string) $key ) || ! is_tellable( $key, $inner, $depth + 1 ) ) {
				return false;
			}
		}
		return true;
	}
	return is_string( $value ) && 1 === preg_match( '//u', $value ) && ! looks_secret( $value );
}

/**
 * Whether a text looks like a key: long, of letters and digits in one piece, and neither a path nor a host's name.
 *
 * @param string $text Value.
 */
function looks_secret( $text ) {
	if ( 1 === preg_match( SECRET_VALUES, $text ) ) {
		return true;
	}
	return 1 === preg_match( '/^[A-Za-z0-9+\/_=.~-]{20,}$/', $text )
		&& 1 === preg_match( '/\d/', $text ) && 1 === preg_match( '/[A-Za-z]/', $text )
		&& '/' !== $text[0] && 1 !== preg_match( '/^[a-z0-9-]+(?:[.\/][a-z0-9-]+)+$/', $text ) && ! file_exists( $text );
}
