import type { Definitions } from './php-literal.ts';

/** wp-config.php's secrets (WordPress handbook, "Editing wp-config.php", Security Keys). */
export const KEY_NAMES = ['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'].flatMap((name) => [
  `${name}_KEY`,
  `${name}_SALT`,
]);

/** The must-use plugin holds the same lines; these also tell plugins that look before they act. */
export const HARMLESS = {
  WP_ENVIRONMENT_TYPE: 'staging',
  WP_CACHE: false,
  DISABLE_WP_CRON: true,
  AUTOMATIC_UPDATER_DISABLED: true,
  WP_AUTO_UPDATE_CORE: false,
  WP_HTTP_BLOCK_EXTERNAL: true,
  WP_ACCESSIBLE_HOSTS: '*.wordpress.org',
  JETPACK_STAGING_MODE: true,
  FS_METHOD: 'direct',
} satisfies Definitions;

/** What a clone sets itself: its database, keys, places and addresses, and what keeps it harmless. */
const OWN = new Set([
  ...KEY_NAMES,
  ...Object.keys(HARMLESS),
  'ABSPATH',
  'WPINC',
  'WP_HOME',
  'WP_SITEURL',
  'WP_CONTENT_DIR',
  'WP_CONTENT_URL',
  'WP_PLUGIN_DIR',
  'WP_PLUGIN_URL',
  'PLUGINDIR',
  'WPMU_PLUGIN_DIR',
  'WPMU_PLUGIN_URL',
  'MUPLUGINDIR',
  'WP_ALLOW_REPAIR',
]);
const OWN_PREFIXES = /^(?:DB_|MYSQL_|WPCLONE_)/;

/** Constants of the source that would be wrong in a clone: of its address, host, cache and network, and of one request. */
const LEFT_BEHIND = new Set([
  'COOKIE_DOMAIN',
  'COOKIEPATH',
  'SITECOOKIEPATH',
  'ADMIN_COOKIE_PATH',
  'PLUGINS_COOKIE_PATH',
  'COOKIEHASH',
  'FORCE_SSL_ADMIN',
  'FORCE_SSL_LOGIN',
  'RELOCATE',
  'WPCACHEHOME',
  'WP_TEMP_DIR',
  'ALTERNATE_WP_CRON',
  'DISALLOW_FILE_EDIT',
  'DISALLOW_FILE_MODS',
  'WP_DEBUG',
  'WP_DEBUG_LOG',
  'WP_DEBUG_DISPLAY',
  'SAVEQUERIES',
  'MULTISITE',
  'SUBDOMAIN_INSTALL',
  'SUNRISE',
  'WP_ALLOW_MULTISITE',
  'NOBLOGREDIRECT',
  'DOMAIN_CURRENT_SITE',
  'PATH_CURRENT_SITE',
  'SITE_ID_CURRENT_SITE',
  'BLOG_ID_CURRENT_SITE',
  'SHORTINIT',
  'WP_INSTALLING',
  'WP_USE_THEMES',
  'WP_ADMIN',
  'WP_NETWORK_ADMIN',
  'WP_USER_ADMIN',
  'XMLRPC_REQUEST',
  'REST_REQUEST',
  'WP_CLI',
]);
const LEFT_BEHIND_PREFIXES = /^(?:FTP_|FS_|WP_PROXY_|DOING_|WFWAF_)/;

/** Whether a constant of the source has no meaning here. */
export const isLeftBehind = (name: string): boolean => LEFT_BEHIND.has(name) || LEFT_BEHIND_PREFIXES.test(name);

/** Whether nobody else may define it: it is what makes the clone a clone. */
export const isOwnConstant = (name: string): boolean => OWN.has(name) || OWN_PREFIXES.test(name);

/** Whether PHP takes it for the name of a constant, with or without a namespace. */
export const isConstantName = (name: string): boolean =>
  /^(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*\\)*[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*$/.test(name);
