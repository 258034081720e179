<?php
/**
 * Plugin Name: wpclone instance
 * Description: Keeps this copy harmless: catches mail, keeps connections and search engines out, shows whose copy it is.
 * License: GPL-2.0-or-later
 *
 * Its parts lie outside the document root, beside the clone's settings. Without them nothing may run: a copy that can
 * send mail is worse than one that does not answer.
 */

defined( 'ABSPATH' ) || exit;

require WPCLONE_INSTANCE . '/run/web/wordpress/parts.php';
