/** Names of settings and meta data that never travel, or that mean nothing, and why. */

import { PROTECTED_CLASSES, siteProtects } from './site-protects.ts';

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
  [/^woocommerce_(stripe|paypal|ppcp|ppec|braintree|square|klarna|mollie|payments|woocommerce_payments).*settings$/, 'secrets'],
  [/^(action_scheduler_(migration|hybrid).*|as_has_wp_comment_logs)$/, 'machine'],
  [/^(https_detection_errors|finished_updating_comment_type|wp_force_deactivated_plugins|fresh_site|admin_email_lifespan|dashboard_widget_options|user_count)$/, 'machine'],
  // What code says of the tables that it made: without that code, its next update would leave them as they are.
  [/(^|_)version$/i, 'machine'],
  [/^(auto_core_update_(notified|failed)|auto_plugin_theme_update_emails|recovery_keys|recovery_mode_.*|site_health.*|health-check.*)$/, 'machine'],
  [/_lock$|_children$|_last_(run|check|checked|sync)$|^wp_session_/, 'machine'],
]; // prettier-ignore

/** Meta data of posts, terms, comments and users. */
const META: readonly Rule[] = [
  [/^(_edit_lock|_edit_last|_pingme|_encloseme|_elementor_css|_elementor_element_cache|_elementor_page_assets)$/, 'machine'],
  [/^_oembed_/, 'machine'],
  [/^(_wp_old_date|_wp_trash_meta_time)$/, 'machine'],
]; // prettier-ignore

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

export const protectedOption = (name: string, prefix: string): Protection | undefined =>
  siteProtects('options', name, prefix) ?? find(OPTIONS, name);

export const protectedMeta = (table: string, key: string): Protection | undefined =>
  table === 'usermeta' ? (siteProtects('userMeta', key) ?? find(USER_META, key)) : find(META, key);

export const protectedPost = (type: string, status: string): Protection | undefined =>
  siteProtects('postTypes', type) ?? (status === 'auto-draft' ? 'machine' : find(POSTS, type));

export const protectedTable = (short: string): Protection | undefined =>
  siteProtects('tables', short) ?? find(TABLES, short);
