import type { SiteInfo } from '../site/info.ts';
import { joinPlaces } from '../transfer/files/places.ts';
import { autoloaderFiles } from './configuration-files.ts';
import type { Configuration } from './configuration.ts';
import { HARMLESS } from './constant-names.ts';
import { carriedConstants, carriedVariables } from './constants.ts';
import { type Definitions, phpDefine, phpLiteral } from './php-literal.ts';
import { inWww, placesOf, type Places } from './places.ts';
import type { DatabaseAddress, InstanceSite } from './types.ts';
import { fillTemplate } from './template.ts';
import { readPlain, writeWhole } from '../shared/whole-file.ts';

/** Writes wp-config.php where the clone's core looks for it. */
export async function writeWpConfig(site: InstanceSite, configuration: Configuration): Promise<void> {
  const { info, cloneUrl } = configuration;
  const { www, folder } = site.paths;
  const places = placesOf(info);
  const values: Definitions = {
    ...carriedConstants(info, cloneUrl, www, folder),
    WP_DEBUG: false,
    ...configuration.defines,
    ...databaseConstants(site.database, info),
    ...configuration.keys,
    ...placeConstants(www, cloneUrl, places),
    ...HARMLESS,
    WPCLONE_INSTANCE: folder,
  };
  const config = await fillTemplate('wp-config.php.tpl', {
    definitions: Object.entries(values)
      .map(([name, value]) => phpDefine(name, value))
      .join('\n'),
    autoloaders: autoloaderFiles(www, info)
      .map((file) => `if ( is_file( ${phpLiteral(file)} ) ) {\n\trequire_once ${phpLiteral(file)};\n}`)
      .join('\n'),
    variables: Object.entries(carriedVariables(info, cloneUrl, www))
      .map(([name, value]) => `$${name} = ${phpLiteral(value)};`)
      .join('\n'),
    table_prefix: phpLiteral(info.tablePrefix),
  });
  await writeWhole(inWww(www, places.core, 'wp-config.php'), config, 0o600);
}

/** Gives the clone's wp-config.php the database's present password; all else in it stays as people have changed it. */
export async function renewDatabasePassword(site: InstanceSite, info: SiteInfo): Promise<void> {
  const file = inWww(site.paths.www, placesOf(info).core, 'wp-config.php');
  const config = await readPlain(file);
  const line = phpDefine('DB_PASSWORD', site.database.password);
  const renewed = config.replace(/^define\( 'DB_PASSWORD', .*$/m, () => line);
  if (renewed !== config) await writeWhole(file, renewed, 0o600);
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
    // Some exist at one kind of server, or release, only: every new table would be refused. Without one WordPress takes what it knows.
    DB_COLLATE: /_0900_|uca1400/i.test(info.collate) ? '' : info.collate,
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
