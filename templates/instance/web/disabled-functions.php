<?php
/**
 * What disable_functions in php.ini takes away stays callable and fails as the real one does when nobody answers: PHP 8 ends a
 * script that calls a function that is not there, also behind an @. PHP 7.4 keeps them, warns and returns null by itself.
 */

if ( PHP_VERSION_ID < 80000 ) {
	return;
}

/** Warns as PHP does; the number is the system's "connection refused". */
function wpclone_refuse( $function, &$error = null, &$message = null, $result = false ) {
	$error   = 111;
	$message = 'Connection refused';
	trigger_error( $function . '(): A clone opens no connections and starts no programs', E_USER_WARNING );
	return $result;
}

if ( ! function_exists( 'fsockopen' ) ) {
	function fsockopen( string $hostname, int $port = -1, &$error_code = null, &$error_message = null, ?float $timeout = null ) {
		return wpclone_refuse( __FUNCTION__, $error_code, $error_message );
	}
}
if ( ! function_exists( 'pfsockopen' ) ) {
	function pfsockopen( string $hostname, int $port = -1, &$error_code = null, &$error_message = null, ?float $timeout = null ) {
		return wpclone_refuse( __FUNCTION__, $error_code, $error_message );
	}
}
if ( ! function_exists( 'stream_socket_client' ) ) {
	function stream_socket_client( string $address, &$error_code = null, &$error_message = null, ?float $timeout = null, int $flags = 4, $context = null ) {
		return wpclone_refuse( __FUNCTION__, $error_code, $error_message );
	}
}
if ( extension_loaded( 'sockets' ) ) {
	if ( ! function_exists( 'socket_connect' ) ) {
		function socket_connect( Socket $socket, string $address, ?int $port = null ): bool {
			return wpclone_refuse( __FUNCTION__ );
		}
	}
	if ( ! function_exists( 'socket_addrinfo_connect' ) ) {
		function socket_addrinfo_connect( AddressInfo $address ) {
			return wpclone_refuse( __FUNCTION__ );
		}
	}
	if ( ! function_exists( 'socket_sendto' ) ) {
		function socket_sendto( Socket $socket, string $data, int $length, int $flags, string $address, ?int $port = null ) {
			return wpclone_refuse( __FUNCTION__ );
		}
	}
	if ( ! function_exists( 'socket_sendmsg' ) ) {
		function socket_sendmsg( Socket $socket, array $message, int $flags = 0 ) {
			return wpclone_refuse( __FUNCTION__ );
		}
	}
}
if ( extension_loaded( 'ftp' ) ) {
	if ( ! function_exists( 'ftp_connect' ) ) {
		function ftp_connect( string $hostname, int $port = 21, int $timeout = 90 ) {
			return wpclone_refuse( __FUNCTION__ );
		}
	}
	if ( ! function_exists( 'ftp_ssl_connect' ) ) {
		function ftp_ssl_connect( string $hostname, int $port = 21, int $timeout = 90 ) {
			return wpclone_refuse( __FUNCTION__ );
		}
	}
}

// Programs.
if ( ! function_exists( 'exec' ) ) {
	function exec( string $command, &$output = null, &$result_code = null ) {
		$output      = is_array( $output ) ? $output : array();
		$result_code = 127;
		return wpclone_refuse( __FUNCTION__ );
	}
}
if ( ! function_exists( 'system' ) ) {
	function system( string $command, &$result_code = null ) {
		$result_code = 127;
		return wpclone_refuse( __FUNCTION__ );
	}
}
if ( ! function_exists( 'passthru' ) ) {
	function passthru( string $command, &$result_code = null ): ?bool {
		$result_code = 127;
		return wpclone_refuse( __FUNCTION__ );
	}
}
if ( ! function_exists( 'shell_exec' ) ) {
	function shell_exec( string $command ) {
		return wpclone_refuse( __FUNCTION__ );
	}
}
if ( ! function_exists( 'popen' ) ) {
	function popen( string $command, string $mode ) {
		return wpclone_refuse( __FUNCTION__ );
	}
}
if ( extension_loaded( 'pcntl' ) ) {
	if ( ! function_exists( 'pcntl_fork' ) ) {
		function pcntl_fork(): int {
			return wpclone_refuse( __FUNCTION__, $error, $message, -1 );
		}
	}
	if ( ! function_exists( 'pcntl_exec' ) ) {
		function pcntl_exec( string $path, array $args = array(), array $env_vars = array() ): bool {
			return wpclone_refuse( __FUNCTION__ );
		}
	}
}
if ( ! function_exists( 'proc_open' ) ) {
	function proc_open( $command, array $descriptor_spec, &$pipes, ?string $cwd = null, ?array $env_vars = null, ?array $options = null ) {
		$pipes = array();
		return wpclone_refuse( __FUNCTION__ );
	}
}
