<?php
/** Search engines stay away. By filters: the stored options are the source's and stay as they are. */

defined( 'ABSPATH' ) || exit;

add_filter(
	'pre_option_blog_public',
	function () {
		return '0';
	},
	PHP_INT_MAX
);
add_filter( 'wp_sitemaps_enabled', '__return_false', PHP_INT_MAX );
// The administrator's address is the clone's own: there is nothing to confirm.
add_filter( 'admin_email_check_interval', '__return_zero', PHP_INT_MAX );
