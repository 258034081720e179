<?php
/** A bar at the foot of every page says whose copy this is and when it ends. */

defined( 'ABSPATH' ) || exit;

function wpclone_print_bar() {
	static $printed = false;
	if ( $printed || ( function_exists( 'is_customize_preview' ) && is_customize_preview() ) ) {
		return;
	}
	$printed = true;
	$end     = (int) file_get_contents( WPCLONE_INSTANCE . '/run/expires' );
	$source  = preg_replace( '~^https?://~', '', wpclone_instance_settings()['sourceUrl'] );
	$until   = gmdate( 'Y-m-d H:i', $end ) . ' UTC';
	?>
<div id="wpclone-bar" role="status" data-end="<?php echo esc_attr( (string) $end ); ?>">
	<b>Clone</b>
	<span>of <i><?php echo esc_html( $source ); ?></i></span>
	<span class="wpclone-end">ends <time datetime="<?php echo esc_attr( gmdate( 'c', $end ) ); ?>"><?php echo esc_html( $until ); ?></time></span>
</div>
<style>
#wpclone-bar{position:fixed;inset:auto 0 0 0;z-index:2147483646;box-sizing:border-box;display:flex;gap:.75em;align-items:center;height:32px;padding:0 16px;background:#3b1d60;color:#fff;font:13px/32px system-ui,sans-serif;text-align:left;direction:ltr;white-space:nowrap;overflow:hidden}
#wpclone-bar b{color:#ffd166;text-transform:uppercase;letter-spacing:.06em;font-size:11px}
#wpclone-bar span{overflow:hidden;text-overflow:ellipsis}
#wpclone-bar i{font-style:normal;font-weight:600}
#wpclone-bar .wpclone-end{margin-left:auto;flex:none;font-variant-numeric:tabular-nums}
html body{padding-bottom:32px}
@media print{#wpclone-bar{display:none}}
</style>
<script>
(function () {
	var bar = document.getElementById('wpclone-bar');
	if (window.top !== window.self) { bar.remove(); return; }
	var time = bar.querySelector('time'), end = Number(bar.dataset.end) * 1000;
	function two(number) { return (number < 10 ? '0' : '') + number; }
	function show() {
		var left = Math.max(0, Math.round((end - Date.now()) / 1000));
		var days = Math.floor(left / 86400), hours = Math.floor(left / 3600) % 24;
		time.textContent = left === 0 ? 'now' : 'in ' + (days ? days + ' d ' : '') + (days || hours ? hours + ':' : '') + two(Math.floor(left / 60) % 60) + ':' + two(left % 60);
		time.title = new Date(end).toLocaleString();
		if (left > 0) { setTimeout(show, 1000); }
	}
	show();
})();
</script>
	<?php
}

add_action( 'wp_footer', 'wpclone_print_bar', PHP_INT_MAX );
add_action( 'admin_footer', 'wpclone_print_bar', PHP_INT_MAX );
add_action( 'login_footer', 'wpclone_print_bar', PHP_INT_MAX );
