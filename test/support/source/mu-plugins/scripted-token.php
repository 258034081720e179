<?php
/** Refuses a log-in whose form does not carry what a script puts into it, as bot shields do it. */
add_action(
	'login_form',
	function () {
		$challenge = wp_generate_password( 12, false );
		set_transient( 'paper_challenge_' . $challenge, 1, 600 );
		echo '<input type="hidden" name="paper_challenge" value="' . esc_attr( $challenge ) . '"><input type="hidden" name="paper_answer" value="">';
		echo '<script>document.querySelector("#loginform").addEventListener("submit",function(){var f=this;f.paper_answer.value=f.paper_challenge.value.split("").reverse().join("");});</script>';
	}
);
add_filter(
	'authenticate',
	function ( $user ) {
		$challenge = (string) ( $_POST['paper_challenge'] ?? '' );
		if ( isset( $_POST['log'] ) && ( '' === $challenge || strrev( $challenge ) !== ( $_POST['paper_answer'] ?? '' ) || ! get_transient( 'paper_challenge_' . $challenge ) ) ) {
			return new WP_Error( 'paper_bot', 'Please enable JavaScript to log in.' );
		}
		return $user;
	},
	99
);
