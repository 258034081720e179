<?php
/**
 * What is not written unless the restore named it when its key was made, and what is never written: the site's own word, whatever a
 * client sends. src/restore/merge/site-protects.ts of wpclone has the same lists, and a test compares them.
 *
 * @package Wpclone\Migrator
 */

namespace Wpclone\Migrator;

defined( 'ABSPATH' ) || exit;

const PROTECTED_CLASSES = array( 'users', 'roles', 'address', 'secrets', 'orders', 'plugins', 'machine' );

/** Tables without the site's prefix, as LIKE patterns. */
const PROTECTED_TABLES = array(
	'users'   => array( 'users', 'usermeta', 'signups', 'registration\_log' ),
	'orders'  => array( 'wc\_order%', 'woocommerce\_order%', 'wc\_customer\_lookup', 'wc\_reserved\_stock', 'wc\_download\_log', 'woocommerce\_downloadable\_product\_permissions' ),
	'secrets' => array( 'woocommerce\_api\_keys', 'woocommerce\_payment\_token%', 'wc\_webhooks' ),
	'machine' => array( 'actionscheduler\_%', 'woocommerce\_sessions', '%\_sessions', 'wflogs', '%\_logs' ),
);

/** Names of options, as LIKE patterns; {prefix} is the site's. */
const PROTECTED_OPTIONS = array(
	'roles'   => array( '{prefix}user\_roles', 'default\_role', 'users\_can\_register', 'admin\_email', 'new\_admin\_email', 'adminhash' ),
	'address' => array( 'siteurl', 'home', 'upload\_path', 'upload\_url\_path', 'wc\_subscriptions\_siteurl' ),
	'secrets' => array(
		'auth\_key', 'auth\_salt', 'secure\_auth\_key', 'secure\_auth\_salt', 'logged\_in\_key', 'logged\_in\_salt', 'nonce\_key', 'nonce\_salt', 'secret',
		'mailserver\_pass', 'jetpack\_options', 'jetpack\_private\_options', 'fs\_accounts', '%\_secret', '%\_salt', '%\_password', '%\_secret\_key',
		'%\_private\_key', '%license\_key',
		// What ways of paying keep: the accounts that money goes to, and whether it is real.
		'woocommerce\_stripe%\_settings', 'woocommerce\_paypal%\_settings', 'woocommerce\_ppcp%\_settings', 'woocommerce\_ppec%\_settings',
		'woocommerce\_braintree%\_settings', 'woocommerce\_square%\_settings', 'woocommerce\_klarna%\_settings', 'woocommerce\_kco%\_settings',
		'woocommerce\_mollie%\_settings', 'woocommerce\_payments%\_settings', 'woocommerce\_woocommerce\_payments%\_settings',
		'woocommerce\_razorpay%\_settings', 'woocommerce\_paystack%\_settings', 'woocommerce\_eway%\_settings', 'woocommerce\_authorize%\_settings',
		'woocommerce\_amazon\_payments%\_settings', 'woocommerce\_payfast%\_settings', 'woocommerce\_sagepay%\_settings', 'woocommerce\_opayo%\_settings',
		'woocommerce\_worldpay%\_settings', 'woocommerce\_payu%\_settings', 'woocommerce\_paytm%\_settings', 'woocommerce\_2checkout%\_settings',
		'woocommerce\_twocheckout%\_settings', 'woocommerce\_mercadopago%\_settings', 'woocommerce\_woo-mercado-pago%\_settings',
		'woocommerce\_pagseguro%\_settings', 'woocommerce\_iyzico%\_settings', 'woocommerce\_payplug%\_settings', 'woocommerce\_adyen%\_settings',
		'woocommerce\_affirm%\_settings', 'woocommerce\_afterpay%\_settings', 'woocommerce\_clearpay%\_settings', 'woocommerce\_coinbase%\_settings',
		'woocommerce\_cybersource%\_settings', 'woocommerce\_elavon%\_settings', 'woocommerce\_intuit%\_settings', 'woocommerce\_moneris%\_settings',
		'woocommerce\_nets%\_settings', 'woocommerce\_quickpay%\_settings', 'woocommerce\_redsys%\_settings', 'woocommerce\_bluesnap%\_settings',
		'woocommerce\_dintero%\_settings', 'woocommerce\_swedbank%\_settings', 'woocommerce\_rave%\_settings', 'woocommerce\_flutterwave%\_settings',
		'woocommerce\_xendit%\_settings', 'woocommerce\_midtrans%\_settings', 'woocommerce\_omise%\_settings', 'woocommerce\_billplz%\_settings',
		'woocommerce\_gocardless%\_settings', 'woocommerce\_viva%\_settings', 'woocommerce\_nmi%\_settings', 'woocommerce\_venmo%\_settings',
		'woocommerce-ppcp-%', 'wcpay\_account\_data', 'wc\_square\_settings', 'wc\_square\_access\_tokens', 'wc\_square\_refresh\_tokens',
		'mollie\_wc\_gateway\_%', 'mollie-payments-for-woocommerce\_%', 'edd\_settings', 'give\_settings',
	),
	'plugins' => array( 'template', 'stylesheet', 'current\_theme' ),
	'machine' => array( 'cron', 'rewrite\_rules', '\_transient\_%', '\_site\_transient\_%', '%\_updater.lock', 'recently\_activated', 'recently\_edited', 'uninstall\_plugins', 'db\_upgraded', 'db\_version', 'initial\_db\_version', 'can\_compress\_scripts', 'theme\_switched', 'action\_scheduler\_lock\_%', 'jpsq\_%' ),
);

/** Keys of the meta data of users. */
const PROTECTED_USER_META = array(
	'roles'   => array( '%capabilities', '%user\_level' ),
	'secrets' => array( '\_application\_passwords' ),
	'machine' => array( 'session\_tokens' ),
);

/** Types of posts. */
const PROTECTED_POST_TYPES = array(
	'orders' => array( 'shop\_order%', 'shop\_subscription' ),
	'users'  => array( 'user\_request' ),
);

/** Never: options of our own, and what says which plugins are active: ours is among them, and a row runs no hook. */
const OWN_OPTIONS = array( 'wpclone%', 'active\_plugins' );

/**
 * Whether a table is our own.
 *
 * @param string $name Table.
 */
function is_own_table( $name ) {
	global $wpdb;
	return 0 === stripos( $name, $wpdb->base_prefix . OWN_TABLES );
}

/**
 * Refuses a table of a class that was not named.
 *
 * @param string   $name    Table.
 * @param string[] $include Classes that were.
 * @throws Refusal When it is protected.
 */
function refuse_protected_table( $name, array $include ) {
	global $wpdb;
	$bare = in_array( $name, array( $wpdb->users, $wpdb->usermeta ), true ) ? ( $name === $wpdb->users ? 'users' : 'usermeta' ) : substr( $name, strlen( $wpdb->base_prefix ) );
	foreach ( PROTECTED_TABLES as $class => $patterns ) {
		if ( ! in_array( $class, $include, true ) && is_any_of( $bare, $patterns ) ) {
			throw protected_refusal( $class, $name );
		}
	}
}

/**
 * Whether a name fits one of some LIKE patterns, in whatever case.
 *
 * @param string   $name     Name.
 * @param string[] $patterns Patterns.
 */
function is_any_of( $name, array $patterns ) {
	foreach ( $patterns as $pattern ) {
		$expression = strtr( preg_quote( $pattern, '/' ), array( '\\\\_' => '_', '%' => '.*' ) );
		if ( 1 === preg_match( '/^' . $expression . '$/Dis', $name ) ) {
			return true;
		}
	}
	return false;
}

/**
 * The refusal of what is protected.
 *
 * @param string $class Its class; "own" for what is never written.
 * @param string $table Where it is.
 */
function protected_refusal( $class, $table ) {
	return new Refusal(
		'protected',
		403,
		'own' === $class ? 'What belongs to wpclone itself is never written.' : "What belongs to \"$class\" is not written unless it was named.",
		array(
			'class' => $class,
			'table' => $table,
		)
	);
}
