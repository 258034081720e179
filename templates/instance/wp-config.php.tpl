<?php
/**
 * The configuration of a clone, written by wpclone. The source's own wp-config.php was not copied: its keys, its database
 * and its integrations stay where they are. Values that the source gave are plain literals.
 */

{{definitions}}

{{autoloaders}}

{{variables}}

$table_prefix = {{table_prefix}};

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}

require_once ABSPATH . 'wp-settings.php';
