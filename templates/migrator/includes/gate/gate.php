<?php
/**
 * What a visitor meets while a restore replaces code. WordPress loads this where it looks for `.maintenance`: before the database, the
 * plugins and most of itself. `$upgrading` is what it goes by: 0 lets the visitor in, the time shows its page for maintenance.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/../host.php';
require_once __DIR__ . '/note.php';
require_once __DIR__ . '/visitor.php';

// WordPress asks once before it has a database, and once more when the request ends: by then there is nothing to wait for.
$upgrading = isset( $GLOBALS['wpdb'] ) ? say_at_end( dirname( __DIR__, 2 ) ) : stand_at_gate( dirname( __DIR__, 2 ) ); // phpcs:ignore WordPress.WP.GlobalVariablesOverride -- that is how WordPress is told.
