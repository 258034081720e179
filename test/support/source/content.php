<?php
/** Content of every kind that a clone must carry, made through WordPress's own functions. Run inside WordPress. */
$seed = json_decode( getenv( 'SOURCE_SEED' ), true );
require_once ABSPATH . 'wp-admin/includes/image.php';
$home = home_url();
wp_set_current_user( 1 );
kses_remove_filters();

foreach ( array( 'twentytwentyone', 'paper' ) as $theme ) {
	if ( wp_get_theme( $theme )->exists() ) {
		switch_theme( $theme );
		break;
	}
}
$wp_rewrite->set_permalink_structure( '/%postname%/' );
update_option( 'blogdescription', 'We make soap – and 🧼 emoji' );
foreach ( array( 'editor', 'subscriber' ) as $role ) {
	wp_insert_user(
		array(
			'user_login' => $seed[ $role ][0],
			'user_pass'  => $seed[ $role ][1],
			'user_email' => "$role@paper.example",
			'role'       => $role,
		)
	);
}

$images = array();
for ( $i = 1; $i <= 3; $i++ ) {
	$canvas = imagecreatetruecolor( 900, 600 );
	imagefilledrectangle( $canvas, 0, 0, 900, 600, imagecolorallocate( $canvas, 60 * $i, 120, 200 - 50 * $i ) );
	imagestring( $canvas, 5, 300, 280, "Paper Street No. $i", imagecolorallocate( $canvas, 255, 255, 255 ) );
	ob_start();
	imagejpeg( $canvas, null, 85 );
	$upload   = wp_upload_bits( "soap-$i.jpg", null, ob_get_clean(), '2024/05' );
	$images[] = $id = wp_insert_attachment(
		array(
			'post_mime_type' => 'image/jpeg',
			'post_title'     => "Soap $i",
			'post_status'    => 'inherit',
		),
		$upload['file']
	);
	wp_update_attachment_metadata( $id, wp_generate_attachment_metadata( $id, $upload['file'] ) );
}

wp_defer_term_counting( true );
wp_defer_comment_counting( true );
$terms = array();
foreach ( array( 'Soap', 'Street', 'Übergrößen' ) as $name ) {
	$terms[] = wp_insert_term( $name, 'category' )['term_id'];
}
for ( $i = 1; $i <= $seed['posts']; $i++ ) {
	$image = $images[ $i % 3 ];
	$id    = wp_insert_post(
		array(
			'post_title'    => "Batch $i: a tale of soap",
			'post_content'  => "<p>Batch $i. Read <a href=\"$home/batch-" . ( $i - 1 ) . "-a-tale-of-soap/\">the one before</a>, or visit <a href=\"https://elsewhere.example/\">elsewhere</a>. Ünïcödé 🧼 \\ 'quoted'\ttab.</p>\n\n" . wp_get_attachment_image( $image, 'large' ) . "\n<!-- wp:image {\"id\":$image,\"url\":\"" . str_replace( '/', '\/', wp_get_attachment_url( $image ) ) . '"} /-->',
			'post_status'   => 'publish',
			'post_author'   => 1,
			'post_category' => array( $terms[ $i % 3 ] ),
			'tags_input'    => array( 'tag ' . $i % 7 ),
			'post_date'     => gmdate( 'Y-m-d H:i:s', 1700000000 + 3600 * $i ),
		)
	);
	set_post_thumbnail( $id, $image );
	update_post_meta( $id, '_paper_layout', array( 'link' => "$home/shop/", 'rows' => array( $i => array( 'src' => wp_get_attachment_url( $image ), 'n' => $i ) ) ) );
	update_post_meta( $id, '_paper_builder', wp_slash( wp_json_encode( array( 'href' => "$home/x/", 'empty' => (object) array() ) ) ) );
	if ( 0 === $i % 3 ) {
		wp_insert_comment( array( 'comment_post_ID' => $id, 'comment_author' => 'Märla', 'comment_author_email' => 'marla@elsewhere.example', 'comment_content' => "See $home/about/ for more.", 'comment_approved' => 1 ) );
	}
}
$pages = array();
foreach ( array( 'About', 'Contact', 'Shop' ) as $title ) {
	$pages[] = wp_insert_post( array( 'post_type' => 'page', 'post_title' => $title, 'post_status' => 'publish', 'post_author' => 1, 'post_content' => "<p>$title. <a href=\"$home/\">Home</a></p>" ) );
}
wp_defer_term_counting( false );
wp_defer_comment_counting( false );

$menu = wp_create_nav_menu( 'Main' );
wp_update_nav_menu_item( $menu, 0, array( 'menu-item-title' => 'Home', 'menu-item-url' => "$home/", 'menu-item-status' => 'publish', 'menu-item-type' => 'custom' ) );
wp_update_nav_menu_item( $menu, 0, array( 'menu-item-object-id' => $pages[0], 'menu-item-object' => 'page', 'menu-item-type' => 'post_type', 'menu-item-status' => 'publish' ) );
set_theme_mod( 'nav_menu_locations', array( 'primary' => $menu ) );
update_option( 'sidebars_widgets', array( 'wp_inactive_widgets' => array(), 'sidebar-1' => array( 'meta-2', 'custom_html-2' ), 'array_version' => 3 ) );
update_option( 'widget_meta', array( 2 => array( 'title' => 'Staff' ), '_multiwidget' => 1 ) );
update_option( 'widget_custom_html', array( 2 => array( 'title' => 'Link', 'content' => "<a href=\"$home/about/\">About us</a>" ), '_multiwidget' => 1 ) );

$settings       = new stdClass();
$settings->home = $home;
$settings->deep = array( "$home/a" => serialize( array( 'inner' => "$home/inner/🧼", 'path' => ABSPATH . 'wp-content/uploads' ) ) );
update_option( 'paper_settings', $settings );
update_option( 'paper_json', wp_json_encode( array( 'endpoint' => "$home/wp-json/", 'plain' => 'x' ) ) );
update_option( 'paper_encoded', 'https://share.example/?u=' . rawurlencode( "$home/about/" ) );
flush_rewrite_rules();
