<?php
/** Keeps a mail that would have left the clone as one JSON file; `wpclone mail` reads them. */

function wpclone_keep_mail( $instance, array $to, $subject, array $headers, $body ) {
	// Names in the order of time: `wpclone mail` lists by name.
	$now  = DateTime::createFromFormat( 'U.u', sprintf( '%.6F', microtime( true ) ) );
	$id   = $now->format( 'Ymd-His-u' ) . '-' . bin2hex( random_bytes( 4 ) );
	$mail = array(
		'id'      => $id,
		'at'      => $now->format( 'Y-m-d\TH:i:s\Z' ),
		'to'      => array_values( array_map( 'strval', $to ) ),
		'subject' => (string) $subject,
		'headers' => array_values( array_map( 'strval', $headers ) ),
		'body'    => (string) $body,
	);
	$json = json_encode( $mail, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE );
	$file = $instance . '/mail/' . $id . '.json';
	return false !== file_put_contents( $file . '.part', $json ) && rename( $file . '.part', $file );
}
