<?php
/**
 * Installs WordPress and makes content, through WordPress's own functions. Run by template.ts with settings in SOURCE_SEED (JSON).
 */
$seed = json_decode( getenv( 'SOURCE_SEED' ), true );
define( 'WP_INSTALLING', true );
$_SERVER['HTTP_HOST']       = $seed['host'];
$_SERVER['SERVER_NAME']     = '127.0.0.1';
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_URI']     = $seed['path'] . '/';
$_SERVER['PHP_SELF']        = $seed['path'] . '/index.php';
if ( 'https' === $seed['scheme'] ) {
	$_SERVER['HTTPS'] = 'on';
}
define( 'WP_SITEURL', $seed['siteurl'] );
require $seed['abspath'] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install( 'Paper Street Soap', $seed['admin'][0], 'admin@paper.example', true, '', $seed['admin'][1] );
update_option( 'siteurl', $seed['siteurl'] );
update_option( 'home', $seed['home'] );

if ( $seed['multisite'] ) {
	foreach ( $wpdb->tables( 'ms_global' ) as $table => $prefixed ) {
		$wpdb->$table = $prefixed;
	}
	install_network();
	populate_network( 1, $seed['host'], 'admin@paper.example', 'Paper Street Network', $seed['path'] . '/', false );
}
