<?php
/** The log-in page holds no form until a script has run; its fields have other names. */
add_action(
	'login_init',
	function () {
		if ( 'POST' === $_SERVER['REQUEST_METHOD'] ) {
			$in            = json_decode( file_get_contents( 'php://input' ), true );
			$_POST['log']  = $in['member'] ?? '';
			$_POST['pwd']  = $in['secret'] ?? '';
			$user          = wp_signon( array( 'user_login' => $_POST['log'], 'user_password' => $_POST['pwd'] ) );
			wp_send_json( is_wp_error( $user ) ? array( 'error' => wp_strip_all_tags( $user->get_error_message() ) ) : array( 'to' => admin_url() ) );
		}
		if ( 'logout' === ( $_GET['action'] ?? '' ) ) {
			return;
		}
		?><!doctype html><title>Members</title><div id="app"></div><script>
setTimeout(function () {
	document.getElementById('app').innerHTML = '<form id="f"><label>Member <input type="text" autocomplete="username"></label><label>Secret <input type="password"></label><button>Enter</button><p role="alert" id="e"></p></form>';
	document.getElementById('f').onsubmit = function (event) {
		event.preventDefault();
		var inputs = this.querySelectorAll('input');
		fetch(location.href, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ member: inputs[0].value, secret: inputs[1].value }) })
			.then(function (r) { return r.json(); })
			.then(function (r) { if (r.to) { location.href = r.to; } else { document.getElementById('e').textContent = r.error; } });
	};
}, 150);
</script>
		<?php
		exit;
	}
);
