<?php
/**
 * Secrets that are known by what is in a file, whatever its name: people keep copies of their configuration under any.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** Names of files that are looked into before they are listed. Of all others those that speak of a password are, when they are sent. */
const MAY_HOLD_SECRETS = '/conf|secret|credential|passw|backup|copy|(^|[^a-z])old([^a-z]|$)|(^|[^.])\.(bak|old|orig|save|sav|swp|tmp|dist|inc|txt|cfg|ini|key|pem|crt|ya?ml|env|log|php[^.]+)$|~$|^[^.]+$/i';

/** Copies of a configuration and private keys are small. */
const SECRET_FILE_BYTES = 65536;

/**
 * Whether a plain file holds a secret of this site.
 *
 * @param string $file Absolute path.
 */
function file_holds_secret( $file ) {
	// phpcs:disable WordPress.PHP.NoSilencedErrors, WordPress.WP.AlternativeFunctions
	if ( ! @is_file( $file ) || is_link( $file ) || @filesize( $file ) > SECRET_FILE_BYTES ) {
		return false;
	}
	$text = @file_get_contents( $file );
	// phpcs:enable
	return is_string( $text ) && ( holds_private_key( $file, $text ) || holds_secret( $text ) );
}

/**
 * Whether a text that is to be sent is a copy of a configuration. Costs one search in nearly every text.
 *
 * @param string $text Body of a file.
 */
function is_secret_body( $text ) {
	return strlen( $text ) <= SECRET_FILE_BYTES && false !== strpos( $text, 'DB_PASSWORD' ) && holds_secret( $text );
}

/**
 * Whether a file begins with a private key. Code may hold one as an example.
 *
 * @param string $file Its name.
 * @param string $text Its content.
 */
function holds_private_key( $file, $text ) {
	return 1 !== preg_match( '/\.(php|inc|js|txt|md|html?)$/i', $file ) && 1 === preg_match( '/^-----BEGIN [A-Z ]*PRIVATE KEY-----/m', $text );
}

/**
 * Whether a text holds a password or key of this site, or reads like the configuration of any WordPress.
 *
 * @param string $text Content of a file.
 */
function holds_secret( $text ) {
	foreach ( array( 'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT' ) as $name ) {
		$value = defined( $name ) ? (string) constant( $name ) : '';
		if ( strlen( $value ) >= 20 && 'put your unique phrase here' !== $value && false !== strpos( $text, $value ) ) {
			return true;
		}
	}
	$password = defined( 'DB_PASSWORD' ) ? (string) DB_PASSWORD : '';
	// A password that is a word may be in any text.
	if ( strlen( $password ) >= 8 && 1 === preg_match( '/[^a-z]/i', $password ) && false !== strpos( $text, $password ) && false !== strpos( $text, (string) DB_USER ) ) {
		return true;
	}
	// Templates have a placeholder for the password.
	return 1 === preg_match( '/^\s*\$table_prefix\s*=/m', $text )
		&& 1 === preg_match( '/^\s*define\s*\(\s*[\'"]DB_PASSWORD[\'"]\s*,\s*[\'"](?!password_here|[^\'"]*[{%<$])[^\'"]+[\'"]/m', $text );
}
