<?php
/** The addresses that are exchanged on the way out, and how they may be written. */

/** A slash and a colon as text, JSON, a script, a query and HTML have them. */
const WPCLONE_SLASH = '(?:\\\\*/|%2f|\\\\+u002f|&\#0*47;|&\#x0*2f;)';
const WPCLONE_COLON = '(?::|%3a|\\\\+u003a|&\#0*58;|&\#x0*3a;)';

/**
 * The hosts to look for, an expression for all ways to write one of the addresses, and what takes the place of each.
 *
 * @return array{string[], string, array<string, array{scheme: string, rest: string}>}
 */
function wpclone_addresses() {
	static $addresses = null;
	if ( null === $addresses ) {
		$addresses = wpclone_plan_addresses( wpclone_settings( getenv( 'WPCLONE_INSTANCE' ) ) );
	}
	return $addresses;
}

function wpclone_plan_addresses( array $settings ) {
	$own     = parse_url( $settings['cloneUrl'] );
	$origin  = $own['scheme'] . '://' . $own['host'] . ( isset( $own['port'] ) ? ':' . $own['port'] : '' );
	$targets = array();
	// The clone's own address too: code that believes in https writes it with a scheme that the clone does not answer, and code that asks for
	// the host alone, as is enough at a live site, writes it without the port.
	foreach ( array_merge( $settings['addresses'], array( array( $origin, $origin ), array( $own['scheme'] . '://' . $own['host'], $origin ) ) ) as $address ) {
		list( $from, $to )                  = $address;
		list( , $rest )                     = explode( '://', $from, 2 );
		list( $scheme, $replacement )       = explode( '://', $to, 2 );
		$targets[ strtolower( $rest ) ]     = array(
			'scheme' => $scheme,
			'rest'   => $replacement,
		);
	}
	// The longest first: an address in a folder of another.
	uksort(
		$targets,
		function ( $first, $second ) {
			return strlen( $second ) - strlen( $first );
		}
	);
	$written = array();
	$hosts   = array();
	foreach ( array_keys( $targets ) as $rest ) {
		$rest      = (string) $rest;
		$written[] = strtr(
			preg_quote( $rest, '~' ),
			array(
				'/'   => WPCLONE_SLASH,
				'\\:' => WPCLONE_COLON,
				':'   => WPCLONE_COLON,
			)
		);
		$hosts[]   = preg_replace( '~[:/].*$~s', '', $rest );
	}
	$hosts   = array_unique( $hosts );
	$rest    = '(?:' . implode( '|', $written ) . ')(?![\w-]|\.\w|' . WPCLONE_COLON . '\d)';
	$colon   = WPCLONE_COLON;
	$slash   = WPCLONE_SLASH;
	// In a value of PHP's serialize the length in front would no longer be true.
	$counted = "s:\\d+:(?:\\\\*\"|&quot;)[^\"\\s]{0,300}?{$slash}{$slash}{$rest}(*SKIP)(*FAIL)";
	$pattern = "~{$counted}|(?:(https?|wss?)({$colon}))?({$slash})(?:\\3)({$rest})~i";
	return array( $hosts, $pattern, $targets );
}
