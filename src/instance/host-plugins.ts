/** Files that only work, or only make sense, on the host that put them there. */

/** Drop-ins of the content folder (WordPress, _get_dropins) that take over the cache, the database or the log-in to a host. */
export const DROP_INS = ['advanced-cache.php', 'db.php', 'object-cache.php', 'sunrise.php'] as const;

export interface HostPlugin {
  readonly host: string;
  /** Names in the must-use plugins' folder. */
  readonly names: readonly string[];
}

/** Must-use plugins that hosts install on their customers' sites. */
export const HOST_PLUGINS: readonly HostPlugin[] = [
  {
    host: 'WP Engine',
    names: [
      'mu-plugin.php',
      'wpengine-common',
      'wpengine-security-auditor.php',
      'wpe-cache-plugin',
      'wpe-cache-plugin.php',
      'wpe-update-source-selector',
      'wpe-update-source-selector.php',
      'wpe-wp-sign-on-plugin',
      'wpe-wp-sign-on-plugin.php',
      'slt-force-strong-passwords.php',
      'force-strong-passwords',
      'stop-long-comments.php',
    ],
  },
  { host: 'Kinsta', names: ['kinsta-mu-plugins', 'kinsta-mu-plugins.php'] },
  { host: 'Pantheon', names: ['pantheon', 'pantheon.php', 'pantheon-mu-plugin', 'pantheon-mu-plugin.php'] },
  { host: 'GoDaddy', names: ['gd-system-plugin', 'gd-system-plugin.php', 'object-cache-pro', 'object-cache-pro.php'] },
  { host: 'SiteGround', names: ['sg-cachepress.php', 'siteground-wizard.php', 'wordpress-starter.php'] },
  {
    host: 'Bluehost and Endurance',
    names: [
      'endurance-browser-cache.php',
      'endurance-page-cache.php',
      'endurance-php-edge.php',
      'sso.php',
      'bluehost-wordpress-plugin',
    ],
  },
  { host: 'Flywheel', names: ['flywheel', 'flywheel.php'] },
  { host: 'WordPress.com', names: ['wpcomsh', 'wpcomsh-loader.php', 'wpcom-loader.php'] },
  { host: 'WordPress VIP', names: ['000-vip-init.php', 'vip-init.php', 'z-client-mu-plugins.php'] },
  { host: 'Cloudways', names: ['breeze', 'breeze.php', 'cloudways.php'] },
  { host: 'Nexcess', names: ['nexcess-mapps', 'nexcess-mapps.php'] },
  { host: 'Hostinger', names: ['hostinger-auto-updates.php', 'hostinger-preview-domain.php'] },
  {
    host: 'Pressable',
    names: ['pressable-cache-management', 'pressable-cache-management.php', 'pcm_batcache_manager.php'],
  },
];

/** In the code of a must-use plugin that loads one of the folders above: without that folder it would end in a fatal error. */
export const LOADER_MENTIONS = /(?:pantheon-mu-plugin|wpcomsh|kinsta-mu-plugins|wpengine-common)\b/;
