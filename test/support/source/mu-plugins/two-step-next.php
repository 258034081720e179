<?php
/** The log-in page asks for the name alone; only when there is such a user a second page asks for the password. */
function paper_step( $fields, $words = '' ) {
	login_header( 'Log In' );
	if ( '' !== $words ) {
		echo '<div id="login_error">' . esc_html( $words ) . '</div>';
	}
	echo '<form id="loginform" method="post" action="' . esc_url( site_url( 'wp-login.php', 'login_post' ) ) . '">' . $fields . '<button>Continue</button></form>';
	login_footer();
	exit;
}
add_action(
	'login_init',
	function () {
		$name = sanitize_user( wp_unslash( $_POST['log'] ?? '' ) );
		if ( 'login' !== ( $_GET['action'] ?? 'login' ) || isset( $_POST['pwd'] ) ) {
			return;
		}
		$ask = '<input type="text" name="log" autocomplete="username">';
		if ( '' === $name ) {
			paper_step( $ask );
		}
		if ( ! username_exists( $name ) ) {
			paper_step( $ask, 'We do not know anybody of that name.' );
		}
		paper_step( '<input type="text" name="log" value="' . esc_attr( $name ) . '" readonly><input type="password" name="pwd">' );
	}
);
