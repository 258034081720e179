/**
 * What the site itself refuses to write unless the restore named it when its key was made:
 * - `users`: rows of users and their meta data, and of what belongs to a person's account;
 * - `roles`: capabilities, user levels, roles, who may sign up and as what, the administrator's address;
 * - `address`: siteurl, home, where uploads are (never.ts has more of it for a site that was not cloned);
 * - `secrets`: keys, salts, activation keys, application passwords, licence keys, means of payment, settings of ways of paying;
 * - `orders`: orders and subscriptions of shops, with what belongs to them;
 * - `plugins`: which theme is active (it must be there);
 * - `machine`: cron, transients, locks, queues, sessions, logs.
 *
 * The migrator's own rows and tables, and which plugins are active (it is among them, and a row runs no hook), are in no class that can be
 * named (`own`): nothing writes them.
 */
export const PROTECTED_CLASSES = ['users', 'roles', 'address', 'secrets', 'orders', 'plugins', 'machine'] as const;
export type ProtectedClass = (typeof PROTECTED_CLASSES)[number];

type SiteClass = ProtectedClass | 'own';
type Names = Readonly<Partial<Record<SiteClass, readonly string[]>>>;

/**
 * Names by class, `*` for whatever stands there, in upper or lower case: what the migrator's write/protected.php has as LIKE patterns.
 * What is here and not there would be sent and written, what is there and not here would end a restore with a refusal.
 */
export const SITE_PROTECTS = {
  /** Without the site's prefix. */
  tables: {
    users: ['users', 'usermeta', 'signups', 'registration_log'],
    orders: ['wc_order*', 'woocommerce_order*', 'wc_customer_lookup', 'wc_reserved_stock', 'wc_download_log', 'woocommerce_downloadable_product_permissions'],
    secrets: ['woocommerce_api_keys', 'woocommerce_payment_token*', 'wc_webhooks'],
    machine: ['actionscheduler_*', 'woocommerce_sessions', '*_sessions', 'wflogs', '*_logs'],
    own: ['wpclone_*'],
  },
  /** {prefix} is the site's. */
  options: {
    roles: ['{prefix}user_roles', 'default_role', 'users_can_register', 'admin_email', 'new_admin_email', 'adminhash'],
    address: ['siteurl', 'home', 'upload_path', 'upload_url_path', 'wc_subscriptions_siteurl'],
    secrets: [
      'auth_key', 'auth_salt', 'secure_auth_key', 'secure_auth_salt', 'logged_in_key', 'logged_in_salt', 'nonce_key', 'nonce_salt', 'secret',
      'mailserver_pass', 'jetpack_options', 'jetpack_private_options', 'fs_accounts', '*_secret', '*_salt', '*_password', '*_secret_key',
      '*_private_key', '*license_key',
      // What ways of paying keep: the accounts that money goes to, and whether it is real.
      'woocommerce_stripe*_settings', 'woocommerce_paypal*_settings', 'woocommerce_ppcp*_settings', 'woocommerce_ppec*_settings',
      'woocommerce_braintree*_settings', 'woocommerce_square*_settings', 'woocommerce_klarna*_settings', 'woocommerce_kco*_settings',
      'woocommerce_mollie*_settings', 'woocommerce_payments*_settings', 'woocommerce_woocommerce_payments*_settings',
      'woocommerce_razorpay*_settings', 'woocommerce_paystack*_settings', 'woocommerce_eway*_settings', 'woocommerce_authorize*_settings',
      'woocommerce_amazon_payments*_settings', 'woocommerce_payfast*_settings', 'woocommerce_sagepay*_settings', 'woocommerce_opayo*_settings',
      'woocommerce_worldpay*_settings', 'woocommerce_payu*_settings', 'woocommerce_paytm*_settings', 'woocommerce_2checkout*_settings',
      'woocommerce_twocheckout*_settings', 'woocommerce_mercadopago*_settings', 'woocommerce_woo-mercado-pago*_settings',
      'woocommerce_pagseguro*_settings', 'woocommerce_iyzico*_settings', 'woocommerce_payplug*_settings', 'woocommerce_adyen*_settings',
      'woocommerce_affirm*_settings', 'woocommerce_afterpay*_settings', 'woocommerce_clearpay*_settings', 'woocommerce_coinbase*_settings',
      'woocommerce_cybersource*_settings', 'woocommerce_elavon*_settings', 'woocommerce_intuit*_settings', 'woocommerce_moneris*_settings',
      'woocommerce_nets*_settings', 'woocommerce_quickpay*_settings', 'woocommerce_redsys*_settings', 'woocommerce_bluesnap*_settings',
      'woocommerce_dintero*_settings', 'woocommerce_swedbank*_settings', 'woocommerce_rave*_settings', 'woocommerce_flutterwave*_settings',
      'woocommerce_xendit*_settings', 'woocommerce_midtrans*_settings', 'woocommerce_omise*_settings', 'woocommerce_billplz*_settings',
      'woocommerce_gocardless*_settings', 'woocommerce_viva*_settings', 'woocommerce_nmi*_settings', 'woocommerce_venmo*_settings',
      'woocommerce-ppcp-*', 'wcpay_account_data', 'wc_square_settings', 'wc_square_access_tokens', 'wc_square_refresh_tokens', 'mollie_wc_gateway_*',
      'mollie-payments-for-woocommerce_*', 'edd_settings', 'give_settings',
    ],
    plugins: ['template', 'stylesheet', 'current_theme'],
    machine: ['cron', 'rewrite_rules', '_transient_*', '_site_transient_*', '*_updater.lock', 'recently_activated', 'recently_edited', 'uninstall_plugins', 'db_upgraded', 'db_version', 'initial_db_version', 'can_compress_scripts', 'theme_switched', 'action_scheduler_lock_*', 'jpsq_*'],
    own: ['wpclone*', 'active_plugins'],
  },
  userMeta: {
    roles: ['*capabilities', '*user_level'],
    secrets: ['_application_passwords'],
    machine: ['session_tokens'],
  },
  postTypes: {
    orders: ['shop_order*', 'shop_subscription'],
    users: ['user_request'],
  },
} satisfies Record<string, Names>; // prettier-ignore

/** The class that the site has for a name of that list, if any: the first that fits. */
export function siteProtects(list: keyof typeof SITE_PROTECTS, name: string, prefix = ''): SiteClass | undefined {
  const names: Names = SITE_PROTECTS[list];
  const lower = name.toLowerCase();
  const spelled = name.startsWith(prefix) ? [lower, `{prefix}${lower.slice(prefix.length)}`] : [lower];
  const has = (each: SiteClass): boolean | undefined =>
    names[each]?.some((pattern) => spelled.some((text) => fits(text, pattern)));
  return [...PROTECTED_CLASSES, 'own' as const].find(has);
}

/** `pattern` has one `*` at most. */
function fits(name: string, pattern: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return name === pattern;
  return (
    name.length >= pattern.length - 1 &&
    name.startsWith(pattern.slice(0, star)) &&
    name.endsWith(pattern.slice(star + 1))
  );
}
