<?php
/** The field for the password is put into the log-in form by a script, after a name was given. */
add_action(
	'login_init',
	function () {
		if ( 'login' !== ( $_GET['action'] ?? 'login' ) || isset( $_POST['pwd'] ) ) {
			return;
		}
		?>
<!doctype html><title>Members</title>
<p role="alert">This page is for members only.</p>
<form id="signin" method="post" action="<?php echo esc_url( site_url( 'wp-login.php', 'login_post' ) ); ?>">
	<input name="log"><span id="more"></span><button type="button" id="next">Next</button>
</form>
<script>
document.getElementById('next').onclick = function () {
	var next = this;
	setTimeout(function () {
		document.getElementById('more').innerHTML = '<input type="password" name="pwd">';
		next.type = 'submit';
		next.onclick = null;
	}, 200);
};
</script>
		<?php
		exit;
	}
);
