<?php
/**
 * Functions that PHP has under some web servers only, where the source's has one that the clone's has not: code that was written for one
 * host calls them without asking.
 */

function wpclone_stand_in_for( $sapi ) {
	if ( 'fpm-fcgi' === $sapi || 'litespeed' === $sapi ) {
		wpclone_stand_in_for_finish();
	} elseif ( 'apache2handler' === $sapi ) {
		wpclone_stand_in_for_apache();
	}
}

function wpclone_stand_in_for_finish() {
	if ( ! function_exists( 'fastcgi_finish_request' ) ) {
		/** Sends what there is. The connection stays open, which is what false says; what is printed from now on nobody would have seen. */
		function fastcgi_finish_request(): bool {
			while ( ob_get_level() > 0 && @ob_end_flush() ) {
				continue;
			}
			flush();
			ob_start(
				function () {
					return '';
				}
			);
			return false;
		}
	}
	if ( ! function_exists( 'litespeed_finish_request' ) ) {
		function litespeed_finish_request(): bool {
			return fastcgi_finish_request();
		}
	}
}

function wpclone_stand_in_for_apache() {
	if ( function_exists( 'apache_get_version' ) ) {
		return;
	}
	function apache_get_version() {
		return 'Apache';
	}
	function apache_get_modules() {
		return array( 'core', 'mod_so', 'mod_rewrite' );
	}
	function apache_getenv( string $variable, bool $walk_to_top = false ) {
		return isset( $_SERVER[ $variable ] ) ? $_SERVER[ $variable ] : false;
	}
	function apache_setenv( string $variable, string $value, bool $walk_to_top = false ) {
		return true;
	}
	function apache_note( string $note_name, ?string $note_value = null ) {
		return false;
	}
}
