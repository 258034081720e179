<?php
add_theme_support( 'post-thumbnails' );
add_theme_support( 'title-tag' );
register_nav_menus( array( 'primary' => 'Main' ) );
add_action( 'widgets_init', function () { register_sidebar( array( 'id' => 'sidebar-1', 'name' => 'Sidebar' ) ); } );
add_action( 'wp_enqueue_scripts', function () { wp_enqueue_style( 'paper', get_stylesheet_uri() ); } );
