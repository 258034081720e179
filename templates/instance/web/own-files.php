<?php
/**
 * Code that reads files of its own site by their address, as themes do with drawings: file_get_contents( $theme_url . '/logo.svg' ). A clone's PHP
 * opens no addresses (allow_url_fopen), so that of those only what is a file of the clone itself is opened, and as a file.
 */

/** A stream wrapper, whose methods have PHP's names (https://www.php.net/manual/class.streamwrapper.php). */
class Wpclone_Own_Files {
	/** Set by PHP. */
	public $context;

	/** The open file. */
	private $file = null;

	public function stream_open( $path, $mode, $options, &$opened ) {
		$own = 1 === preg_match( '~^rb?t?$~', $mode ) ? wpclone_own_file( $path ) : null;
		$this->file = null === $own ? false : fopen( $own, 'rb' );
		if ( false === $this->file ) {
			trigger_error( 'A clone opens no addresses but those of its own files', E_USER_WARNING );
		}
		return false !== $this->file;
	}

	public function stream_read( $count ) {
		return fread( $this->file, $count );
	}

	public function stream_eof() {
		return feof( $this->file );
	}

	public function stream_tell() {
		return ftell( $this->file );
	}

	public function stream_seek( $offset, $whence ) {
		return 0 === fseek( $this->file, $offset, $whence );
	}

	public function stream_stat() {
		return fstat( $this->file );
	}

	public function stream_set_option( $option, $first, $second ) {
		return false;
	}

	/** Nothing is known of an address without asking for it. */
	public function url_stat( $path, $flags ) {
		return false;
	}
}

/** The file of the clone that an address of it, or of its source, names: one that its web server sends as it is. Null when there is none. */
function wpclone_own_file( $url ) {
	$www   = getenv( 'WPCLONE_INSTANCE' ) . '/www';
	$own   = parse_url( wpclone_settings( dirname( $www ) )['cloneUrl'] );
	$asked = parse_url( wpclone_correct_text( $url ) );
	if ( ! is_array( $asked ) || ! isset( $asked['host'], $asked['path'] ) || isset( $asked['user'] ) ) {
		return null;
	}
	foreach ( array( 'scheme', 'host', 'port' ) as $part ) {
		if ( ( isset( $own[ $part ] ) ? $own[ $part ] : null ) !== ( isset( $asked[ $part ] ) ? $asked[ $part ] : null ) ) {
			return null;
		}
	}
	$path = rawurldecode( $asked['path'] );
	$sent = ! preg_match( '~\0|(?:^|/)\.|\.(?:php\d?|phtml|phar)$~i', $path ) && is_file( $www . $path );
	return $sent && ! wpclone_is_closed( $www, $path ) ? $www . $path : null;
}

foreach ( array( 'http', 'https' ) as $scheme ) {
	stream_wrapper_unregister( $scheme );
	stream_wrapper_register( $scheme, 'Wpclone_Own_Files' );
}
unset( $scheme );
