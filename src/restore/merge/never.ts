/** Names of settings and meta data that never travel, or that mean nothing, and why. */

/**
 * Why something stays where it is although it was changed: the classes that the site protects, and two that nothing but this program
 * knows of. `own`: what wpclone itself put there; it never travels, whoever asks.
 */
export const PROTECTIONS = [
  'users',
  'roles',
  'address',
  'secrets',
  'orders',
  'plugins',
  'machine',
  'revisions',
  'own',
] as const;
export type Protection = (typeof PROTECTIONS)[number];

type Rule = readonly [RegExp, Protection];

/** Settings, by name, without the prefix of tables where WordPress puts it before the name. */
const OPTIONS: readonly Rule[] = [
  [/^wpclone_/, 'own'],
  [/^(siteurl|home|upload_path|upload_url_path|wc_subscriptions_siteurl)$/, 'address'],
  [/^(jetpack_(options|private_options|active_modules_initialized|id)|fs_accounts|fs_api_cache|elementor_connect.*)$/, 'secrets'],
  [/^(mainwp|mainwp_child|mwp_|worker_|iwp_|_?managewp|wpmudev_apikey|blogvault|bvconnect)/i, 'secrets'],
  [/(_|^)(licen[cs]e)(_|$)/i, 'secrets'],
  [/(secret|private|api|publishable|webhook|access|auth|license|signing|encryption)_?-?(key|token|secret)s?$/i, 'secrets'],
  [/^(auth|secure_auth|logged_in|nonce)_(key|salt)$|^secret$/, 'secrets'],
  [/_salts?$|_secret$|_password$/i, 'secrets'],
  [/^woocommerce_(stripe|paypal|ppcp|ppec|braintree|square|klarna|mollie|payments|woocommerce_payments).*settings$/, 'secrets'],
  [/^user_roles$/, 'roles'],
  [/^active_plugins$/, 'plugins'],
  [/^(default_role|users_can_register|admin_email|new_admin_email|adminhash)$/, 'roles'],
  [/^(cron|action_scheduler_(lock_|migration|hybrid).*|as_has_wp_comment_logs)$/, 'machine'],
  [/^_(site_)?transient_/, 'machine'],
  [/^(rewrite_rules|recently_edited|recently_activated|db_upgraded|can_compress_scripts|theme_switched|auto_updater\.lock|core_updater\.lock|uninstall_plugins|https_detection_errors|finished_updating_comment_type|wp_force_deactivated_plugins|fresh_site|dashboard_widget_options|user_count)$/, 'machine'],
  [/^(auto_core_update_(notified|failed)|auto_plugin_theme_update_emails|recovery_keys|recovery_mode_.*|site_health.*|health-check.*)$/, 'machine'],
  [/_lock$|_children$|^jpsq_|_last_(run|check|checked|sync)$|^wp_session_/, 'machine'],
]; // prettier-ignore

/** Meta data of posts, terms, comments and users. */
const META: readonly Rule[] = [
  [/^(_edit_lock|_edit_last|_pingme|_encloseme|_elementor_css|_elementor_element_cache|_elementor_page_assets)$/, 'machine'],
  [/^_oembed_/, 'machine'],
  [/^(_wp_old_date|_wp_trash_meta_time)$/, 'machine'],
]; // prettier-ignore

const USER_META: readonly Rule[] = [
  [/^session_tokens$/, 'machine'],
  [/^_application_passwords$|_key$|_token$/, 'secrets'],
  [/capabilities$|user_level$/, 'roles'],
  [/^(community-events-location|dismissed_wp_pointers|.*dashboard_quick_press_last_post_id|.*user-settings(-time)?|closedpostboxes_.*|metaboxhidden_.*|meta-box-order_.*|screen_layout_.*|wc_last_active|_woocommerce_persistent_cart.*|show_welcome_panel)$/, 'machine'],
]; // prettier-ignore

/** Posts by type that are the machinery's, or no content of their own. */
const POSTS: readonly Rule[] = [
  [/^revision$/, 'revisions'],
  [/^(customize_changeset|oembed_cache|user_request|scheduled-action|shop_order_placehold)$/, 'machine'],
  [/^shop_(order|order_refund|subscription)$/, 'orders'],
];

/** Tables, by name without the prefix. */
const TABLES: readonly Rule[] = [
  [/^actionscheduler_|_queue$|_jobs$|_failed_jobs$/, 'machine'],
  [/_sessions?$/, 'machine'],
  [/_logs?$|^wf(logs|hits|crawlers|status|blocks7|config|ls_settings|livetraffichuman|pendingissues|issues|hoover|filechanges|filemods|knownfilelist|notifications|snipcache|trafficrates)|^redirection_(logs|404)$|_log_|^simple_history|^(wp)?mail(_|s?)log|^yoast_(migrations|seo_links)$/, 'machine'],
  [/^(wc_orders|wc_orders_meta|wc_order_.*|woocommerce_order_items|woocommerce_order_itemmeta|wc_customer_lookup|wc_reserved_stock|woocommerce_downloadable_product_permissions|wc_download_log|woocommerce_payment_tokens|woocommerce_payment_tokenmeta)$/, 'orders'],
  [/^(woocommerce_api_keys|wc_webhooks)$/, 'secrets'],
  [/^wpclone_/, 'own'],
]; // prettier-ignore

const find = (rules: readonly Rule[], name: string): Protection | undefined =>
  rules.find(([pattern]) => pattern.test(name))?.[1];

export const protectedOption = (name: string, prefix: string): Protection | undefined =>
  find(OPTIONS, name === `${prefix}user_roles` ? 'user_roles' : name);

export const protectedMeta = (table: string, key: string): Protection | undefined =>
  find(table === 'usermeta' ? USER_META : META, key);

export const protectedPost = (type: string, status: string): Protection | undefined =>
  status === 'auto-draft' ? 'machine' : find(POSTS, type);

export const protectedTable = (short: string): Protection | undefined => find(TABLES, short);
