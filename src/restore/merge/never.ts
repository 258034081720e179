/** Names of settings and meta data that never travel, or that mean nothing, and why. */

import { entriesOf, stringIn } from './php.ts';
import { PROTECTED_CLASSES, siteProtects } from './site-protects.ts';
import type { Value } from './types.ts';

/**
 * Why something stays where it is although it was changed: the classes that the site protects, and two that nothing but this program
 * knows of. `own`: what wpclone itself put there; it never travels, whoever asks.
 */
export const PROTECTIONS = [...PROTECTED_CLASSES, 'revisions', 'own'] as const;
export type Protection = (typeof PROTECTIONS)[number];

type Rule = readonly [RegExp, Protection];

/** Settings that stay in the clone besides those that the site itself refuses (site-protects.ts), which are asked of first. */
const OPTIONS: readonly Rule[] = [
  [/^(jetpack_(active_modules_initialized|id)|fs_api_cache|elementor_connect.*)$/, 'secrets'],
  [/^(mainwp|mainwp_child|mwp_|worker_|iwp_|_?managewp|wpmudev_apikey|blogvault|bvconnect)/i, 'secrets'],
  [/(_|^)(licen[cs]e)(_|$)/i, 'secrets'],
  [/(secret|private|api|publishable|webhook|access|auth|license|signing|encryption)_?-?(key|token|secret)s?$/i, 'secrets'],
  [/_salts$/i, 'secrets'],
  [/^(action_scheduler_(migration|hybrid).*|as_has_wp_comment_logs)$/, 'machine'],
  [/^(https_detection_errors|finished_updating_comment_type|wp_force_deactivated_plugins|fresh_site|admin_email_lifespan|dashboard_widget_options|user_count)$/, 'machine'],
  // What code says of the tables that it made: without that code, its next update would leave them as they are.
  [/(^|_)version$/i, 'machine'],
  [/^(auto_core_update_(notified|failed)|auto_plugin_theme_update_emails|recovery_keys|recovery_mode_.*|site_health.*|health-check.*)$/, 'machine'],
  [/_lock$|_children$|_last_(run|check|checked|sync)$|^wp_session_/, 'machine'],
  // Work that waits for its turn (WP_Background_Process).
  [/_(batch|job)_[0-9a-f]{20,}$/, 'machine'],
  // What Elementor has rendered for all pages, and whether that still holds; the site drops it with the pages' own (write/settle.php).
  [/^_elementor_(global_css|assets_data|design_system_sync_css_meta)$|^elementor_atomic_cache_validity/, 'machine'],
]; // prettier-ignore

/**
 * Settings that belong to the place, too, where that is another site than the one that was cloned: whether search engines may come, and
 * how mail is sent. To its own site they go, since there somebody changed them for it. The site cannot know which of both it is.
 */
const OF_THE_PLACE: readonly Rule[] = [
  [/^(blog_public|mailserver_.*)$/, 'address'],
  [/^((easy_)?wp_(mail_)?smtp(_.*)?|(swpsmtp|postman|gmail_smtp|smtp_mailer|yay_?smtp|wp_ses|wposes)_.*|fluentmail-settings|suremails_connections|postmark_settings|mailgun|sendgrid_.*|sib_(main|home)_option)$/, 'address'],
]; // prettier-ignore

/** Settings of ways of paying, shipping and the like, which come under any name: what is in them tells which hold a key. */
const OF_THE_SHOP = /^woocommerce_.*_settings$/i;
const CREDENTIAL = /test_?mode|sandbox|secret|(private|api|access)_?key|access_?token|password|webhook/i;

/** When code did something; under such a name another value says whether, or how, times are shown. */
const TIMESTAMP = /(^|[._-])timestamp([._-]|$)/i;
const isTime = (value: Value): boolean => /^(0|\d{10}(\.\d+)?|\d{13}|)$/.test(value ?? '');

/** What happened on a site; under such a name a single value says whether, or how, that is noted. */
const LOG = /(^|[_-])(logs?|history)$/i;
const isList = (value: Value): boolean => /^(a:\d+:\{|O:\d+:"|[[{])/.test(value ?? '');

const holdsCredentials = (value: Value): boolean =>
  entriesOf(value ?? '')?.some(({ key }) => CREDENTIAL.test(stringIn(key) ?? '')) ?? false;

/** What a builder of pages keeps of a post as it was rendered; the site drops it where the post was written (write/settle.php has the same). */
const RENDERINGS = /^(_elementor_css|_elementor_element_cache|_elementor_page_assets)$/;
export const isRendering = (key: string): boolean => RENDERINGS.test(key);

/** Meta data of posts, terms, comments and users. */
const META: readonly Rule[] = [
  [/^(_edit_lock|_edit_last|_pingme|_encloseme)$/, 'machine'],
  [RENDERINGS, 'machine'],
  [/^_elementor_migrations_state/, 'machine'],
  // A shop's number of products below a category, which it counts anew on the site itself.
  [/^product_count_/, 'machine'],
  [/^_oembed_/, 'machine'],
  [/^(_wp_old_date|_wp_trash_meta_time)$/, 'machine'],
]; // prettier-ignore

/** What orders leave behind at products and coupons that are there: it stays where they stay. */
const LEFT_BY_ORDERS: Readonly<Record<string, RegExp>> = {
  product: /^total_sales$/,
  shop_coupon: /^(usage_count|_used_by)$/,
};

/** What they leave there and people write as well: of a product that somebody ordered in the clone, for trying. */
const LEFT_BY_OWN_ORDERS: Readonly<Record<string, RegExp>> = {
  product: /^_stock(_status)?$/,
  product_variation: /^_stock(_status)?$/,
};

/** `ordered`: somebody ordered it in the clone. */
export const isLeftByOrders = (type: string, key: string, ordered: boolean): boolean =>
  LEFT_BY_ORDERS[type]?.test(key) === true || (ordered && LEFT_BY_OWN_ORDERS[type]?.test(key) === true);

const USER_META: readonly Rule[] = [
  [/^_application_passwords$|_key$|_token$/, 'secrets'],
  [/^(community-events-location|dismissed_wp_pointers|.*dashboard_quick_press_last_post_id|.*user-settings(-time)?|closedpostboxes_.*|metaboxhidden_.*|meta-box-order_.*|screen_layout_.*|wc_last_active|_woocommerce_persistent_cart.*|show_welcome_panel)$/, 'machine'],
]; // prettier-ignore

/** Posts by type that are the machinery's, or no content of their own. */
const POSTS: readonly Rule[] = [
  [/^revision$/, 'revisions'],
  [/^(customize_changeset|oembed_cache|scheduled-action)$/, 'machine'],
];

/** Tables, by name without the prefix. */
const TABLES: readonly Rule[] = [
  [/_queue$|_jobs$|_failed_jobs$/, 'machine'],
  [/_session$/, 'machine'],
  [/_log$|^wf(hits|crawlers|status|blocks7|config|ls_settings|livetraffichuman|pendingissues|issues|hoover|filechanges|filemods|knownfilelist|notifications|snipcache|trafficrates)|^redirection_(logs|404)$|_log_|^simple_history|^(wp)?mail(_|s?)log|^yoast_(migrations|seo_links)$/, 'machine'],
]; // prettier-ignore

const find = (rules: readonly Rule[], name: string): Protection | undefined =>
  rules.find(([pattern]) => pattern.test(name))?.[1];

/** What is known of a setting besides its name: what it says on either side, and whether it would go to a site that was not cloned. */
interface Setting {
  readonly values?: readonly Value[];
  readonly twoSided?: boolean | undefined;
}

export const protectedOption = (name: string, prefix: string, setting: Setting = {}): Protection | undefined =>
  siteProtects('options', name, prefix) ??
  find(OPTIONS, name) ??
  (TIMESTAMP.test(name) && setting.values?.every(isTime) === true ? 'machine' : undefined) ??
  (LOG.test(name) && setting.values?.some(isList) === true ? 'machine' : undefined) ??
  (OF_THE_SHOP.test(name) && setting.values?.some(holdsCredentials) === true ? 'secrets' : undefined) ??
  (setting.twoSided === true ? find(OF_THE_PLACE, name) : undefined);

export const protectedMeta = (table: string, key: string): Protection | undefined =>
  table === 'usermeta' ? (siteProtects('userMeta', key) ?? find(USER_META, key)) : find(META, key);

export const protectedPost = (type: string, status: string): Protection | undefined =>
  siteProtects('postTypes', type) ?? (status === 'auto-draft' ? 'machine' : find(POSTS, type));

export const protectedTable = (short: string): Protection | undefined =>
  siteProtects('tables', short) ?? find(TABLES, short);
