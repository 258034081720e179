<?php
/**
 * Lists every file, folder and link of the roots.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/class-budget.php';
require_once __DIR__ . '/roots.php';
require_once __DIR__ . '/home-folder.php';
require_once __DIR__ . '/paths.php';
require_once __DIR__ . '/never-sent.php';
require_once __DIR__ . '/links.php';
require_once __DIR__ . '/class-walk.php';

/**
 * Answers "manifest".
 *
 * @param array $request "roots" (ids), "exclude" (globs), "after" (root, base64 path), "seconds", "gzip".
 * @throws Refusal When the request is not understood.
 */
function stream_manifest( array $request ) {
	$budget = new Budget( isset( $request['seconds'] ) ? $request['seconds'] : null );
	$roots  = roots_by_id();
	$wanted = isset( $request['roots'] ) && is_array( $request['roots'] ) ? array_values( $request['roots'] ) : array();
	foreach ( $wanted as $id ) {
		if ( ! is_string( $id ) || ! isset( $roots[ $id ] ) ) {
			throw new Refusal( 'no_such_root', 404, 'There is no such folder.' );
		}
	}
	$exclude = exclusion_pattern( isset( $request['exclude'] ) ? $request['exclude'] : array() );
	$after   = resume_point( $request, $wanted );
	start_stream();
	foreach ( $wanted as $number => $id ) {
		if ( null !== $after && $number < $after['number'] ) {
			continue;
		}
		$walk = new Walk( $roots[ $id ], $exclude, $budget, ! empty( $request['gzip'] ) );
		$from = null !== $after && $number === $after['number'] ? $after['path'] : null;
		if ( ! $walk->run( $from ) ) {
			end_stream( false );
			return;
		}
	}
	end_stream( true );
}

/**
 * Where an earlier answer ended.
 *
 * @param array    $request Request.
 * @param string[] $wanted  Ids of roots.
 * @return array{number: int, path: string}|null
 * @throws Refusal When it is not understood.
 */
function resume_point( array $request, array $wanted ) {
	if ( ! isset( $request['after'] ) ) {
		return null;
	}
	$after  = $request['after'];
	$number = isset( $after['root'] ) ? array_search( $after['root'], $wanted, true ) : false;
	$path   = isset( $after['path'] ) && is_string( $after['path'] ) ? base64_decode( $after['path'], true ) : false;
	if ( false === $number || false === $path ) {
		throw new Refusal( 'bad_request', 400, 'The cursor is not understood.' );
	}
	return array(
		'number' => $number,
		'path'   => $path,
	);
}

/**
 * One pattern for all globs: ** crosses folders, * and ? do not. Its mark says which glob fits (PCRE2, "Recording which path was taken").
 *
 * @param mixed $globs Over "place/path".
 * @return string|null
 * @throws Refusal When they are not strings of bearable length.
 */
function exclusion_pattern( $globs ) {
	$parts = array();
	foreach ( is_array( $globs ) ? $globs : array() as $glob ) {
		if ( ! is_string( $glob ) || strlen( $glob ) > 500 || count( $parts ) >= 500 ) {
			throw new Refusal( 'bad_request', 400, 'The exclusions are not understood.' );
		}
		$number  = count( $parts );
		$parts[] = strtr(
			preg_quote( trim( $glob, '/' ), '~' ),
			array(
				'\\*\\*/' => '(?:.*/)?',
				'\\*\\*'  => '.*',
				'\\*'     => '[^/]*',
				'\\?'     => '[^/]',
			)
		) . "(*MARK:$number)";
	}
	return array() === $parts ? null : '~^(?:' . implode( '|', $parts ) . ')$~Ds';
}
