<?php
/** No mail leaves a clone: wp_mail is ours before a plugin can bring its own, and a message becomes a file. */

defined( 'ABSPATH' ) || exit;

require_once WPCLONE_INSTANCE . '/run/web/mail-store.php';

if ( ! function_exists( 'wp_mail' ) ) :
	/**
	 * Takes what WordPress's wp_mail takes and keeps it instead of sending it.
	 *
	 * @see https://developer.wordpress.org/reference/functions/wp_mail/
	 */
	function wp_mail( $to, $subject, $message, $headers = '', $attachments = array() ) {
		$mail = apply_filters( 'wp_mail', compact( 'to', 'subject', 'message', 'headers', 'attachments' ) );
		$pre  = apply_filters( 'pre_wp_mail', null, $mail );
		if ( null !== $pre ) {
			return $pre;
		}

		$to      = is_array( $mail['to'] ) ? $mail['to'] : explode( ',', (string) $mail['to'] );
		$headers = is_array( $mail['headers'] ) ? $mail['headers'] : explode( "\n", str_replace( "\r\n", "\n", (string) $mail['headers'] ) );
		foreach ( (array) $mail['attachments'] as $file ) {
			if ( is_string( $file ) && '' !== $file ) {
				$headers[] = 'X-Attachment: ' . basename( $file );
			}
		}
		$kept = wpclone_keep_mail(
			WPCLONE_INSTANCE,
			array_filter( array_map( 'trim', $to ) ),
			$mail['subject'],
			array_filter( array_map( 'trim', $headers ) ),
			$mail['message']
		);
		if ( $kept ) {
			do_action( 'wp_mail_succeeded', $mail );
		}
		return $kept;
	}
endif;
