<?php
/** One more field in the log-in form; a right password without the code is refused. */
add_action(
	'login_form',
	function () {
		echo '<p><label for="paper_otp">One-time code</label><input type="text" name="paper_otp" id="paper_otp" class="input" autocomplete="one-time-code" inputmode="numeric"></p>';
	}
);
add_filter(
	'authenticate',
	function ( $user ) {
		return $user instanceof WP_User && '000000' !== ( $_POST['paper_otp'] ?? '' ) ? new WP_Error( 'paper_otp', '<strong>Error:</strong> The one-time code is missing or wrong.' ) : $user;
	},
	99
);
