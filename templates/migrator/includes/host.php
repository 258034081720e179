<?php
/**
 * Stand-ins for what hosts switch off with disable_functions: there, PHP 8 knows the function no more, and a call ends the request.
 * Calls in this namespace find them by themselves, because none of them begins with a backslash.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.NamingConventions, Squiz.Commenting -- each is named, and documented, like PHP's own.

// What only asks for something: it then stays as the host has it.
if ( ! function_exists( 'ignore_user_abort' ) ) {
	function ignore_user_abort( $enable = null ) {
		return 0;
	}
}
if ( ! function_exists( 'set_time_limit' ) ) {
	function set_time_limit( $seconds ) {
		return false;
	}
}
if ( ! function_exists( 'ini_set' ) ) {
	function ini_set( $option, $value ) {
		return false;
	}
}
if ( ! function_exists( 'ini_get' ) ) {
	function ini_get( $option ) {
		$value = function_exists( 'get_cfg_var' ) ? get_cfg_var( $option ) : false;
		// What PHP takes where nothing is set, and less than most hosts give.
		$least = array(
			'max_execution_time' => '30',
			'memory_limit'       => '64M',
		);
		return false === $value && isset( $least[ $option ] ) ? $least[ $option ] : $value;
	}
}
if ( ! function_exists( 'error_log' ) ) {
	function error_log( $message ) {
		return false;
	}
}
if ( ! function_exists( 'flush' ) ) {
	function flush() {}
}
if ( ! function_exists( 'connection_aborted' ) ) {
	function connection_aborted() {
		return 0;
	}
}
if ( ! function_exists( 'header_remove' ) ) {
	function header_remove( $name = null ) {}
}
if ( ! function_exists( 'ob_get_level' ) ) {
	function ob_get_level() {
		return 0;
	}
}
if ( ! function_exists( 'ob_end_clean' ) ) {
	function ob_end_clean() {
		return false;
	}
}
if ( ! function_exists( 'ob_list_handlers' ) ) {
	function ob_list_handlers() {
		return array();
	}
}
if ( ! function_exists( 'clearstatcache' ) ) {
	function clearstatcache() {}
}
if ( ! function_exists( 'stream_set_read_buffer' ) ) {
	function stream_set_read_buffer( $stream, $size ) {
		return -1;
	}
}
if ( ! function_exists( 'stream_get_contents' ) ) {
	function stream_get_contents( $stream, $length ) {
		$body = '';
		while ( strlen( $body ) < $length && ! feof( $stream ) ) {
			$more = fread( $stream, min( 65536, $length - strlen( $body ) ) );
			if ( ! is_string( $more ) || '' === $more ) {
				break;
			}
			$body .= $more;
		}
		return $body;
	}
}

// What looks at files: PHP's classes can do the same.
if ( ! function_exists( 'realpath' ) ) {
	function realpath( $path ) {
		try {
			return '' === (string) $path ? getcwd() : ( new \SplFileInfo( $path ) )->getRealPath();
		} catch ( \Exception $error ) {
			return false;
		}
	}
}
if ( ! function_exists( 'readlink' ) ) {
	function readlink( $path ) {
		try {
			return ( new \SplFileInfo( $path ) )->getLinkTarget();
		} catch ( \Exception $error ) {
			return false;
		}
	}
}
if ( ! function_exists( 'is_link' ) ) {
	function is_link( $path ) {
		return ( new \SplFileInfo( $path ) )->isLink();
	}
}
if ( ! function_exists( 'is_readable' ) ) {
	function is_readable( $path ) {
		return ( new \SplFileInfo( $path ) )->isReadable();
	}
}
if ( ! function_exists( 'scandir' ) ) {
	function scandir( $folder ) {
		try {
			$names = array();
			foreach ( new \DirectoryIterator( $folder ) as $entry ) {
				$names[] = $entry->getFilename();
			}
			sort( $names, SORT_STRING );
			return $names;
		} catch ( \Exception $error ) {
			return false;
		}
	}
}
if ( ! function_exists( 'glob' ) ) {
	/** Only for the one kind of pattern that the plugin has: files of a folder by their ending. */
	function glob( $pattern ) {
		$folder = dirname( $pattern );
		$ending = substr( basename( $pattern ), 1 );
		$found  = array();
		foreach ( (array) scandir( $folder ) as $name ) {
			if ( '.' !== substr( (string) $name, 0, 1 ) && substr( (string) $name, -strlen( $ending ) ) === $ending ) {
				$found[] = $folder . '/' . $name;
			}
		}
		return $found;
	}
}
if ( ! function_exists( 'unlink' ) ) {
	function unlink( $path ) {
		return false;
	}
}
if ( ! function_exists( 'rmdir' ) ) {
	function rmdir( $path ) {
		return false;
	}
}
