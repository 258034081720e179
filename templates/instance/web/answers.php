<?php
/** Answers that need no WordPress. */

function wpclone_answer_page( $status, $title, $text ) {
	http_response_code( $status );
	header( 'Content-Type: text/html; charset=utf-8' );
	header( 'Cache-Control: no-store' );
	$title = htmlspecialchars( $title, ENT_QUOTES, 'UTF-8' );
	$text  = htmlspecialchars( $text, ENT_QUOTES, 'UTF-8' );
	echo '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="robots" content="noindex">',
		'<meta name="viewport" content="width=device-width"><title>', $title, '</title>',
		'<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32em;margin:20vh auto;padding:0 1em;color:#1d2327}</style>',
		'<h1>', $title, '</h1><p>', $text, '</p></html>';
	exit;
}

function wpclone_answer_text( $status, $text ) {
	http_response_code( $status );
	header( 'Content-Type: text/plain; charset=utf-8' );
	echo $text;
	exit;
}

function wpclone_redirect( $location ) {
	http_response_code( 302 );
	header( 'Location: ' . $location );
	exit;
}
