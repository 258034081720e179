<?php
/** Asks for a code on a page of its own after the password was right. */
add_action(
	'wp_login',
	function ( $name, $user ) {
		WP_Session_Tokens::get_instance( $user->ID )->destroy_all();
		wp_clear_auth_cookie();
		login_header( 'Authentication code' );
		echo '<form name="validate_2fa_form" id="loginform" action="' . esc_url( site_url( 'wp-login.php?action=validate_2fa', 'login_post' ) ) . '" method="post"><p><label for="authcode">Authentication code:</label><input type="tel" autocomplete="one-time-code" name="authcode" id="authcode" class="input" inputmode="numeric"></p><input type="submit" class="button button-primary" value="Verify"></form>';
		login_footer();
		exit;
	},
	10,
	2
);
