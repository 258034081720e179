<?php
/**
 * Sets up the demonstration's WordPress and fills it. Run once from the command line; what it needs is in the environment:
 * DEMO_ROOT (folder), DEMO_URL, DEMO_USER, DEMO_PASSWORD.
 *
 * @package wpclone
 */

define( 'WP_INSTALLING', true );
$demo_url                   = getenv( 'DEMO_URL' );
$_SERVER['HTTP_HOST']       = wp_demo_host( $demo_url );
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['REQUEST_URI']     = '/';
$_SERVER['PHP_SELF']        = '/index.php';

require getenv( 'DEMO_ROOT' ) . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/image.php';

wp_install( 'Harbour Bakery', getenv( 'DEMO_USER' ), 'baker@bakery.example', true, '', getenv( 'DEMO_PASSWORD' ) );
update_option( 'siteurl', $demo_url );
update_option( 'home', $demo_url );
update_option( 'blogdescription', 'Bread, baked before the gulls are up' );
wp_set_current_user( 1 );
kses_remove_filters();
wp_defer_term_counting( true );

$images = array();
foreach ( array( 'Rye', 'Spelt', 'Seeds', 'Milk rolls' ) as $number => $name ) {
	$images[] = wp_demo_image( $number, $name );
}
for ( $number = 1; $number <= 24; $number++ ) {
	wp_demo_post( $number, $images[ $number % count( $images ) ], $demo_url );
}
foreach ( array( 'Opening hours', 'Order a cake', 'About us' ) as $page_title ) {
	wp_insert_post(
		array(
			'post_type'    => 'page',
			'post_title'   => $page_title,
			'post_status'  => 'publish',
			'post_author'  => 1,
			'post_content' => "<p>$page_title. <a href=\"$demo_url/\">Back to the bakery</a></p>",
		)
	);
}
wp_defer_term_counting( false );
update_option( 'bakery_settings', array( 'shop' => "$demo_url/order-a-cake/", 'days' => array( 'tue', 'sat' ) ) );
update_option( 'bakery_feed', wp_json_encode( array( 'endpoint' => "$demo_url/wp-json/" ) ) );

/**
 * The host and port of a URL, as browsers send them.
 *
 * @param string $url A URL.
 * @return string
 */
function wp_demo_host( $url ) {
	return preg_replace( '~^https?://~', '', $url );
}

/**
 * Draws a picture and puts it into the media library.
 *
 * @param int    $number Decides the colour.
 * @param string $name   Title.
 * @return int Attachment id.
 */
function wp_demo_image( $number, $name ) {
	$canvas = imagecreatetruecolor( 1200, 800 );
	imagefilledrectangle( $canvas, 0, 0, 1200, 800, imagecolorallocate( $canvas, 200 - 30 * $number, 150, 60 + 30 * $number ) );
	imagefilledellipse( $canvas, 600, 430, 700, 380, imagecolorallocate( $canvas, 235, 200, 140 ) );
	imagestring( $canvas, 5, 560, 420, $name, imagecolorallocate( $canvas, 90, 50, 10 ) );
	ob_start();
	imagejpeg( $canvas, null, 85 );
	$upload     = wp_upload_bits( sanitize_title( $name ) . '.jpg', null, ob_get_clean() );
	$attachment = array(
		'post_mime_type' => 'image/jpeg',
		'post_title'     => $name,
		'post_status'    => 'inherit',
	);
	$id         = wp_insert_attachment( $attachment, $upload['file'] );
	wp_update_attachment_metadata( $id, wp_generate_attachment_metadata( $id, $upload['file'] ) );
	return $id;
}

/**
 * Writes a post with a picture, links to itself in several forms, and a comment.
 *
 * @param int    $number Number of the post.
 * @param int    $image  Attachment id.
 * @param string $url    Address of the site.
 */
function wp_demo_post( $number, $image, $url ) {
	$picture = wp_get_attachment_image( $image, 'large' );
	$id      = wp_insert_post(
		array(
			'post_title'   => "Loaf of the week no. $number",
			'post_content' => "<p>Fresh from the oven. <a href=\"$url/?p=1\">How it began</a></p>\n\n$picture",
			'post_status'  => 'publish',
			'post_author'  => 1,
			'tags_input'   => array( 'bread', 'week ' . $number % 4 ),
			'post_date'    => gmdate( 'Y-m-d H:i:s', time() - 7 * DAY_IN_SECONDS * ( 25 - $number ) ),
		)
	);
	set_post_thumbnail( $id, $image );
	update_post_meta( $id, 'recipe', array( 'source' => "$url/recipes/$number/", 'grams' => array( 'flour' => 500 + $number ) ) );
	wp_insert_comment(
		array(
			'comment_post_ID'  => $id,
			'comment_author'   => 'A regular',
			'comment_content'  => 'Still warm when I got home. 🥖',
			'comment_approved' => 1,
		)
	);
}
