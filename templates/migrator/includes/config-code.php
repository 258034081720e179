<?php
/**
 * What wp-config.php itself makes besides constants: functions and classes, of which only the names are told, and plain variables.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

/** More than anybody writes into one file. */
const MOST_CONFIG_NAMES = 100;

/**
 * Names of functions (with parentheses) and classes, and the global variables that have a plain value; of others the names.
 *
 * @return array{code: string[], variables: object, keptBack: string[]}
 */
function code_of_configuration() {
	$config = configuration_file();
	$code   = array();
	$found  = array(
		'told'     => array(),
		'withheld' => array(),
	);
	if ( null !== $config ) {
		$functions = function_exists( 'get_defined_functions' ) ? get_defined_functions() : array( 'user' => array() );
		foreach ( made_in( $config, $functions['user'], 'ReflectionFunction' ) as $name ) {
			$code[] = $name . '()';
		}
		$classes = function_exists( 'get_declared_classes' ) ? get_declared_classes() : array();
		$code    = array_merge( $code, made_in( $config, array_filter( $classes, __NAMESPACE__ . '\\is_of_users' ), 'ReflectionClass' ) );
		$found   = variables_set_in( (string) file_get_contents( $config ) );
	}
	return array(
		'code'      => $code,
		'variables' => (object) $found['told'],
		'keptBack' => $found['withheld'],
	);
}

/**
 * The wp-config.php that WordPress loaded.
 */
function configuration_file() {
	$files = get_included_files();
	foreach ( array( realpath( ABSPATH ), dirname( (string) realpath( ABSPATH ) ) ) as $folder ) {
		$file = realpath( $folder . '/wp-config.php' );
		if ( false !== $file && in_array( $file, $files, true ) ) {
			return $file;
		}
	}
	return null;
}

/**
 * Whether a class is not one of PHP's own.
 *
 * @param string $name Of a class.
 */
function is_of_users( $name ) {
	return ( new \ReflectionClass( $name ) )->isUserDefined();
}

/**
 * Those of some functions or classes, in the order in which they were made, that a file made: before all of WordPress's.
 *
 * @param string   $file       Real path.
 * @param string[] $names      Of functions or classes.
 * @param string   $reflection Class that knows where one was made.
 */
function made_in( $file, array $names, $reflection ) {
	$found = array();
	$core  = realpath( ABSPATH . WPINC ) . '/';
	foreach ( $names as $name ) {
		$made = (string) ( new $reflection( $name ) )->getFileName();
		if ( 0 === strpos( $made, $core ) || count( $found ) >= MOST_CONFIG_NAMES ) {
			break;
		}
		if ( $made === $file ) {
			$found[] = ( new $reflection( $name ) )->getName();
		}
	}
	return $found;
}

/**
 * The global variables that a text sets at the beginning of a line, with the values that they have.
 *
 * @param string $text Of wp-config.php.
 */
function variables_set_in( $text ) {
	preg_match_all( '/^\s*\$([A-Za-z]\w*)\s*(?:\[[^\]\n]*\]\s*)*=(?![=>])/m', $text, $matches );
	$secrets = secrets_of_constants();
	$found   = array(
		'told'     => array(),
		'withheld' => array(),
	);
	foreach ( array_slice( array_unique( $matches[1] ), 0, MOST_CONFIG_NAMES ) as $name ) {
		if ( 'table_prefix' === $name || 'GLOBALS' === $name || ! array_key_exists( $name, $GLOBALS ) ) {
			continue;
		}
		$value = $GLOBALS[ $name ];
		if ( is_tellable( $name, $value ) && ! holds_any( $value, $secrets ) && strlen( (string) wp_json_encode( $value ) ) <= CONSTANT_BYTES ) {
			$found['told'][ $name ] = $value;
		} else {
			$found['withheld'][] = $name;
		}
	}
	return $found;
}

/** A shorter secret stands in other texts by chance. */
const SECRET_BYTES = 8;

/**
 * Texts in constants that are never told: wp-config.php often has them in variables first, whatever those are called.
 *
 * @return string[]
 */
function secrets_of_constants() {
	$all     = get_defined_constants( true );
	$secrets = array();
	foreach ( isset( $all['user'] ) ? $all['user'] : array() as $name => $value ) {
		if ( is_string( $value ) && '' !== $value && ! is_tellable( $name, $value ) && 1 !== preg_match( '/USER(?:NAME)?$|LOGIN$/i', $name ) ) {
			$secrets[] = $value;
		}
	}
	return $secrets;
}

/**
 * Whether a value is, or holds somewhere, one of some texts.
 *
 * @param mixed    $value Plain value.
 * @param string[] $texts Texts.
 */
function holds_any( $value, array $texts ) {
	foreach ( is_array( $value ) ? $value : array() as $key => $inner ) {
		if ( holds_any( (string) $key, $texts ) || holds_any( $inner, $texts ) ) {
			return true;
		}
	}
	foreach ( is_string( $value ) ? $texts : array() as $text ) {
		if ( $value === $text || ( strlen( $text ) >= SECRET_BYTES && false !== strpos( $value, $text ) ) ) {
			return true;
		}
	}
	return false;
}
