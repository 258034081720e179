<!doctype html>
<html <?php language_attributes(); ?>><head><meta charset="utf-8"><?php wp_head(); ?></head><body <?php body_class(); ?>>
<h1><a href="<?php echo esc_url( home_url( '/' ) ); ?>"><?php bloginfo( 'name' ); ?></a></h1>
<?php wp_nav_menu( array( 'theme_location' => 'primary' ) ); ?>
<?php while ( have_posts() ) : the_post(); ?>
<article><h2><a href="<?php the_permalink(); ?>"><?php the_title(); ?></a></h2><?php the_post_thumbnail(); the_content(); ?></article>
<?php endwhile; ?>
<aside><?php dynamic_sidebar( 'sidebar-1' ); ?></aside>
<?php wp_footer(); ?></body></html>
