<?php
/** The front controller of a WordPress whose own files lie in another folder than its address; written by wpclone. */

define( 'WP_USE_THEMES', true );
require __DIR__ . {{blog_header}};
