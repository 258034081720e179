<?php
/** Stands where PHP's mail() expects sendmail: reads one message from standard input and keeps it. */

require __DIR__ . '/mail-store.php';

const WPCLONE_MAIL_BYTES = 26214400;

$message = str_replace( "\r\n", "\n", (string) stream_get_contents( STDIN, WPCLONE_MAIL_BYTES ) );
list( $head, $body ) = array_pad( explode( "\n\n", $message, 2 ), 2, '' );
// A line that starts with white space goes on with the header above it (RFC 5322 section 2.2.3).
$lines   = explode( "\n", preg_replace( '/\n[ \t]+/', ' ', $head ) );
$to      = array();
$headers = array();
$subject = '';
foreach ( $lines as $line ) {
	list( $name, $value ) = array_pad( array_map( 'trim', explode( ':', $line, 2 ) ), 2, '' );
	if ( 0 === strcasecmp( $name, 'Subject' ) ) {
		$decoded = function_exists( 'iconv_mime_decode' ) ? @iconv_mime_decode( $value, 2, 'UTF-8' ) : false;
		$subject = false === $decoded ? $value : $decoded;
	} elseif ( 0 === strcasecmp( $name, 'To' ) ) {
		$to = array_map( 'trim', explode( ',', $value ) );
	} elseif ( '' !== $name ) {
		$headers[] = $line;
	}
}
exit( wpclone_keep_mail( dirname( __DIR__, 2 ), $to, $subject, $headers, $body ) ? 0 : 1 );
