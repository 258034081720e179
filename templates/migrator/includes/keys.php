<?php
/**
 * The keys of paired clients: one option row each, read and written without the object cache, so that a revoked key is revoked.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

require_once __DIR__ . '/option-rows.php';

/** What the names of the plugin's own tables begin with, after the site's prefix. */
const OWN_TABLES       = 'wpclone_';
const OPTION_PREFIX    = 'wpclone_migrator_';
const KEY_PREFIX       = 'wpclone_migrator_key_';
const NONCE_PREFIX     = 'wpclone_migrator_nonce_';
/** An option: plugins that a restore has just switched on, as JSON. */
const NEW_PLUGINS      = 'wpclone_migrator_new_plugins';
/** An option: terms that plugins are to count anew after a restore, by taxonomy, as JSON. */
const UNCOUNTED        = 'wpclone_migrator_uncounted';
const ACTIVE_UNTIL     = 'wpclone_migrator_until';
const UNUSED_SECONDS   = 3600;
const KEY_LIFE_SECONDS = 86400;
const TOUCH_SECONDS    = 60;

/** What a key is good for. There is no other yet: whatever changes the site will have a scope, and a kind of key, of its own. */
const SCOPE_READ = 'read';

/**
 * Makes a key for a client. It is good for as long as who is logged in stays who they are; one that is made without anybody logged
 * in, by code on the server, belongs to nobody.
 *
 * @return array{keyId: string, secret: string}|null Null when it could not be stored.
 */
function create_key() {
	$id     = bin2hex( random_bytes( 8 ) );
	$secret = rtrim( strtr( base64_encode( random_bytes( 32 ) ), '+/', '-_' ), '=' );
	$user   = get_current_user_id();
	$key    = array(
		'secret' => $secret,
		'scope'  => SCOPE_READ,
		'user'   => $user,
		'holder' => holder_state( $user ),
		'made'   => time(),
		'used'   => time(),
	);
	if ( ! insert_option_row( KEY_PREFIX . $id, wp_json_encode( $key ) ) ) {
		return null;
	}
	stay_active();
	return array(
		'keyId'  => $id,
		'secret' => $secret,
	);
}

/**
 * What a key depends on: a digest of its administrator's password and rights, read from the tables themselves.
 *
 * @param int          $user ID; 0 for nobody.
 * @param \mysqli|null $db   Connection whose transaction has changed them; null for WordPress's own.
 * @return string|null Null when there is no such user (any more).
 */
function holder_state( $user, $db = null ) {
	global $wpdb;
	if ( 0 === $user ) {
		return '';
	}
	$sql = $wpdb->prepare(
		"SELECT u.user_pass, m.meta_value FROM {$wpdb->users} u LEFT JOIN {$wpdb->usermeta} m ON m.user_id = u.ID AND m.meta_key = %s WHERE u.ID = %d ORDER BY m.umeta_id LIMIT 1",
		$wpdb->get_blog_prefix() . 'capabilities',
		$user
	);
	if ( null === $db ) {
		$row = $wpdb->get_row( $sql, ARRAY_N );
	} else {
		$rows = fetch_all( $db, $sql );
		$row  = isset( $rows[0] ) ? array_values( $rows[0] ) : null;
	}
	return is_array( $row ) ? substr( hash( 'sha256', implode( "\0", array_map( 'strval', $row ) ) ), 0, 32 ) : null;
}

/**
 * Finds a key that is still good.
 *
 * @param string $id 16 hex digits.
 * @return array{id: string, secret: string, scope: string, user: int, holder: string, made: int, used: int}|null The secret is its 32 raw bytes.
 */
function find_key( $id ) {
	global $wpdb;
	$value = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", KEY_PREFIX . $id ) );
	$key   = is_string( $value ) ? json_decode( $value, true ) : null;
	if ( ! is_array( $key ) || ! isset( $key['secret'] ) || ! is_live( $key ) ) {
		return null;
	}
	$secret = base64_decode( strtr( (string) $key['secret'], '-_', '+/' ), true );
	if ( ! is_string( $secret ) || 32 !== strlen( $secret ) ) {
		return null;
	}
	return array(
		'id'     => $id,
		'secret' => $secret,
		// A key that an earlier version made says nothing of it.
		'scope'  => isset( $key['scope'] ) ? (string) $key['scope'] : SCOPE_READ,
		'user'   => (int) $key['user'],
		'holder' => (string) $key['holder'],
		'made'   => (int) $key['made'],
		'used'   => (int) $key['used'],
	);
}

/**
 * Whether a stored key has neither gone unused for an hour nor reached the end of its life, and its administrator was neither
 * deleted nor given other rights or another password. An earlier version's key says nothing of that: it is not good any more.
 *
 * @param array $key As stored.
 */
function is_live( array $key ) {
	if ( ! isset( $key['made'], $key['used'], $key['user'], $key['holder'] ) ) {
		return false;
	}
	$now = time();
	return $now - (int) $key['used'] <= UNUSED_SECONDS && $now - (int) $key['made'] <= KEY_LIFE_SECONDS
		&& holder_state( (int) $key['user'] ) === $key['holder'];
}

/**
 * Notes that a key was used: the first time, then at most once a minute, so that a transfer does not write all the time.
 *
 * @param array $key As found.
 */
function touch_key( array $key ) {
	global $wpdb;
	$now = time();
	if ( $key['used'] > $key['made'] && $now - $key['used'] < TOUCH_SECONDS ) {
		return;
	}
	$value = wp_json_encode(
		array(
			'secret' => rtrim( strtr( base64_encode( $key['secret'] ), '+/', '-_' ), '=' ),
			'scope'  => $key['scope'],
			'user'   => $key['user'],
			'holder' => $key['holder'],
			'made'   => $key['made'],
			// Later than it was made, which tells it from a key that nobody ever used.
			'used'   => max( $now, $key['made'] + 1 ),
		)
	);
	// A key that went away meanwhile took all settings with it: none may come back.
	if ( 1 === $wpdb->update( $wpdb->options, array( 'option_value' => $value ), array( 'option_name' => KEY_PREFIX . $key['id'] ) ) ) {
		stay_active();
	}
}

/**
 * Drops one key, and with it the nonces of its requests: without the key none of them can come again.
 *
 * @param string $id 16 hex digits.
 */
function drop_key( $id ) {
	global $wpdb;
	$wpdb->delete( $wpdb->options, array( 'option_name' => KEY_PREFIX . $id ) );
	$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name LIKE %s AND option_value = %s", $wpdb->esc_like( NONCE_PREFIX ) . '%', $id ) );
}

/**
 * How many keys are good, or were used within the last so many seconds.
 *
 * @param int|null $seconds Age of the last use; null counts those that nobody used yet too.
 */
function count_keys( $seconds = null ) {
	global $wpdb;
	$values = $wpdb->get_col( $wpdb->prepare( "SELECT option_value FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( KEY_PREFIX ) . '%' ) );
	$count  = 0;
	foreach ( $values as $value ) {
		$key = json_decode( $value, true );
		if ( is_array( $key ) && is_live( $key ) ) {
			$count += null === $seconds || ( $key['used'] > $key['made'] && time() - (int) $key['used'] <= $seconds ) ? 1 : 0;
		}
	}
	return $count;
}

/**
 * Drops every key, nonce and setting of the plugin, and WordPress' list of what it last asked updates for, which names it. What it
 * takes to undo a restore that nobody accepted stays.
 */
function drop_everything() {
	global $wpdb;
	require_once __DIR__ . '/class-refusal.php';
	require_once __DIR__ . '/database.php';
	require_once __DIR__ . '/write/tidy.php';
	leave_restores();
	delete_option( ACTIVE_UNTIL );
	delete_site_transient( 'update_plugins' );
	// The keys first: see use_nonce().
	foreach ( array( KEY_PREFIX, OPTION_PREFIX ) as $prefix ) {
		$wpdb->query( $wpdb->prepare( "DELETE FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( $prefix ) . '%' ) );
	}
}
