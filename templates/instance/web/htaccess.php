<?php
/**
 * The plain rules of .htaccess files: who is let in, which file stands for a folder, simple redirects. Rules with conditions, and
 * what needs Apache's own variables, are left alone. What is closed stays closed whatever web server the source had.
 */

/**
 * The directives above a path, from the document root down: lists of words, with the folder of the file as `folder`.
 *
 * @param string $www  The document root.
 * @param string $path Decoded, with a leading slash.
 */
function wpclone_htaccess( $www, $path ) {
	static $known = array();
	if ( ! isset( $known[ $path ] ) ) {
		$found  = array();
		$folder = '';
		foreach ( array_merge( array( '' ), array_slice( explode( '/', $path ), 1, -1 ) ) as $name ) {
			$folder .= '' === $name ? '' : '/' . $name;
			$file    = $www . $folder . '/.htaccess';
			if ( is_file( $file ) ) {
				$found[] = array(
					'folder' => $folder,
					'lines'  => wpclone_htaccess_lines( (string) file_get_contents( $file, false, null, 0, 65536 ) ),
				);
			}
		}
		$known[ $path ] = $found;
	}
	return $known[ $path ];
}

/**
 * The directives of one file: `words`, and `files`, an expression for the names that it is for, or null for all. What stands in
 * another container is for some requests only and left out.
 */
function wpclone_htaccess_lines( $text ) {
	$lines  = array();
	$within = array();
	foreach ( preg_split( '~\r\n|\r|\n~', preg_replace( '~\\\\\r?\n~', ' ', $text ) ) as $line ) {
		$line = trim( $line );
		if ( '' === $line || '#' === $line[0] ) {
			continue;
		}
		if ( preg_match( '~^</~', $line ) ) {
			array_pop( $within );
			continue;
		}
		$words = wpclone_htaccess_words( '<' === $line[0] ? rtrim( $line, '>' ) : $line );
		if ( '<' === $line[0] ) {
			$within[] = wpclone_htaccess_container( strtolower( substr( $words[0], 1 ) ), array_slice( $words, 1 ) );
			continue;
		}
		if ( ! in_array( false, $within, true ) ) {
			$named   = array_filter( $within, 'is_string' );
			$lines[] = array(
				'words' => array_merge( array( strtolower( $words[0] ) ), array_slice( $words, 1 ) ),
				'files' => $named ? end( $named ) : null,
			);
		}
	}
	return $lines;
}

/** True: what stands in it counts; a text: for files of that expression; false: it does not count. */
function wpclone_htaccess_container( $name, array $words ) {
	if ( 'ifmodule' === $name ) {
		// Apache 2.2's way to close a folder stands beside 2.4's: either says what is meant.
		return isset( $words[0] ) && ( '!' !== $words[0][0] || 0 === strpos( $words[0], '!mod_authz' ) || 0 === strpos( $words[0], '!authz' ) );
	}
	if ( in_array( $name, array( 'requireall', 'requireany', 'limit', 'limitexcept' ), true ) ) {
		return true;
	}
	if ( 'filesmatch' === $name || ( 'files' === $name && isset( $words[0] ) && '~' === $words[0] ) ) {
		return wpclone_htaccess_expression( (string) end( $words ) );
	}
	if ( 'files' === $name && isset( $words[0] ) ) {
		return '~^' . strtr( preg_quote( $words[0], '~' ), array( '\*' => '[^/]*', '\?' => '[^/]' ) ) . '$~';
	}
	return false;
}

/** A regular expression of Apache's as one of PHP's. */
function wpclone_htaccess_expression( $expression, $flags = '' ) {
	return '~' . str_replace( '~', '\~', $expression ) . '~' . $flags;
}

/** The words of a line; one with spaces stands in quotes. */
function wpclone_htaccess_words( $line ) {
	preg_match_all( '~"((?:[^"\\\\]|\\\\.)*)"|\'((?:[^\'\\\\]|\\\\.)*)\'|(\S+)~', $line, $found, PREG_SET_ORDER );
	return array_map(
		function ( $match ) {
			return isset( $match[3] ) ? $match[3] : ( isset( $match[2] ) && '' !== $match[2] ? $match[2] : $match[1] );
		},
		$found
	);
}

/**
 * Whether a visitor may not have a file. The last rule that fits counts, as at Apache. A whole folder is closed only to all: one
 * that is for some (a password, an address) may be the site itself, before it is opened.
 */
function wpclone_is_closed( $www, $path ) {
	$closed = false;
	foreach ( wpclone_htaccess( $www, $path ) as $file ) {
		foreach ( $file['lines'] as $line ) {
			$all = strtolower( implode( ' ', $line['words'] ) );
			if ( null !== $line['files'] && 1 !== @preg_match( $line['files'], basename( $path ) ) ) {
				continue;
			}
			if ( preg_match( '~^(?:allow from all|require all granted)\b~', $all ) ) {
				$closed = false;
			} elseif ( preg_match( '~^(?:deny from all|require all denied)\b~', $all ) || ( null !== $line['files'] && 0 === strpos( $all, 'require ' ) ) ) {
				$closed = true;
			}
		}
	}
	return $closed;
}

/** The names that stand for a folder, in their order. */
function wpclone_index_names( $www, $path, array $settings ) {
	$names = array( 'index.php', 'index.html', 'index.htm' );
	if ( empty( $settings['htaccess'] ) ) {
		return $names;
	}
	foreach ( wpclone_htaccess( $www, rtrim( $path, '/' ) . '/' ) as $file ) {
		foreach ( $file['lines'] as $line ) {
			if ( 'directoryindex' === $line['words'][0] && null === $line['files'] ) {
				$names = array_slice( $line['words'], 1 );
			}
		}
	}
	return $names;
}
