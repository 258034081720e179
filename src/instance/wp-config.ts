import { readFile } from 'node:fs/promises';
import { packagePath } from '../shared/package-root.ts';
import type { SiteInfo } from '../site/info.ts';
import { joinPlaces } from '../transfer/files/places.ts';
import type { Configuration } from './configuration.ts';
import { phpDefine, phpLiteral } from './php-literal.ts';
import { inWww, placesOf, type Places } from './places.ts';
import type { DatabaseAddress, InstanceSite } from './types.ts';
import { readPlain, writeWhole } from './write-file.ts';

type Definitions = Record<string, string | number | boolean>;

/** Constants of the source that change how the copy behaves and are safe in it; all others stay behind. */
const CARRIED = new Set([
  'ALLOW_UNFILTERED_UPLOADS',
  'AUTOSAVE_INTERVAL',
  'CUSTOM_USER_META_TABLE',
  'CUSTOM_USER_TABLE',
  'DISALLOW_UNFILTERED_HTML',
  'EMPTY_TRASH_DAYS',
  'IMAGE_EDIT_OVERWRITE',
  'MEDIA_TRASH',
  'UPLOADS',
  'WPLANG',
  'WP_DEFAULT_THEME',
  'WP_MAX_MEMORY_LIMIT',
  'WP_MEMORY_LIMIT',
  'WP_POST_REVISIONS',
]);

/** Writes wp-config.php where the clone's core looks for it, and the front controller when the core has its own folder. */
export async function writeWpConfig(site: InstanceSite, configuration: Configuration): Promise<void> {
  const { info } = configuration;
  const places = placesOf(info);
  const values: Definitions = {
    ...carriedConstants(info),
    ...databaseConstants(site.database, info),
    ...configuration.keys,
    ...placeConstants(site.paths.www, configuration.cloneUrl, places),
    ...harmlessConstants(),
    WPCLONE_INSTANCE: site.paths.home,
  };
  const { www } = site.paths;
  const config = await fill('wp-config.php.tpl', {
    definitions: Object.entries(values)
      .map(([name, value]) => phpDefine(name, value))
      .join('\n'),
    table_prefix: phpLiteral(info.tablePrefix),
  });
  await writeWhole(inWww(www, places.core, 'wp-config.php'), config, 0o600);
  if (places.home !== places.core) {
    const up = places.home === '' ? '' : '/..'.repeat(places.home.split('/').length);
    const header = `${up}/${places.core === '' ? '' : `${places.core}/`}wp-blog-header.php`;
    const front = await fill('index.php.tpl', { blog_header: phpLiteral(header) });
    await writeWhole(inWww(www, places.home, 'index.php'), front);
  }
}

/** Gives the clone's wp-config.php the database's present password; all else in it stays as people have changed it. */
export async function renewDatabasePassword(site: InstanceSite, info: SiteInfo): Promise<void> {
  const file = inWww(site.paths.www, placesOf(info).core, 'wp-config.php');
  const config = await readPlain(file);
  const line = phpDefine('DB_PASSWORD', site.database.password);
  const renewed = config.replace(/^define\( 'DB_PASSWORD', .*$/m, () => line);
  if (renewed !== config) await writeWhole(file, renewed, 0o600);
}

/** Fills the `{{name}}` in a template, in one pass, so that a `{{name}}` inside a value is never taken for another. */
async function fill(template: string, values: Readonly<Record<string, string>>): Promise<string> {
  const text = await readFile(packagePath('templates', 'instance', template), 'utf8');
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
}

function carriedConstants(info: SiteInfo): Definitions {
  return Object.fromEntries(Object.entries(info.constants).filter(([name]) => CARRIED.has(name)));
}

function databaseConstants(database: DatabaseAddress, info: SiteInfo): Definitions {
  const host = database.host ?? 'localhost';
  const port = database.port === undefined ? host : `${host}:${database.port}`;
  return {
    DB_NAME: database.database,
    DB_USER: database.user,
    DB_PASSWORD: database.password,
    DB_HOST: database.socketPath === undefined ? port : `localhost:${database.socketPath}`,
    // Without one, PHP would get text in what this machine's database server takes for granted.
    DB_CHARSET: info.charset || (info.connectionCharset ?? ''),
    DB_COLLATE: info.collate,
  };
}

function placeConstants(www: string, cloneUrl: string, places: Places): Definitions {
  const { origin } = new URL(cloneUrl);
  const url = (place: string): string => (place === '' ? origin : `${origin}/${encodeURI(place)}`);
  return {
    WP_HOME: cloneUrl,
    WP_SITEURL: url(places.core),
    ...(places.content === joinPlaces(places.core, 'wp-content')
      ? {}
      : { WP_CONTENT_DIR: inWww(www, places.content), WP_CONTENT_URL: url(places.content) }),
    ...(places.plugins === joinPlaces(places.content, 'plugins')
      ? {}
      : { WP_PLUGIN_DIR: inWww(www, places.plugins), WP_PLUGIN_URL: url(places.plugins) }),
    ...(places.muPlugins === joinPlaces(places.content, 'mu-plugins')
      ? {}
      : { WPMU_PLUGIN_DIR: inWww(www, places.muPlugins), WPMU_PLUGIN_URL: url(places.muPlugins) }),
  };
}

/** The must-use plugin holds the same lines; these also tell plugins that look before they act. */
const harmlessConstants = (): Definitions => ({
  WP_ENVIRONMENT_TYPE: 'staging',
  WP_CACHE: false,
  DISABLE_WP_CRON: true,
  AUTOMATIC_UPDATER_DISABLED: true,
  WP_AUTO_UPDATE_CORE: false,
  WP_HTTP_BLOCK_EXTERNAL: true,
  WP_ACCESSIBLE_HOSTS: '*.wordpress.org',
  JETPACK_STAGING_MODE: true,
  FS_METHOD: 'direct',
  WP_DEBUG: false,
});
