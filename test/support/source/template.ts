import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached, startMariadb } from '../mariadb.ts';
import { asWebUser, WEB_USER } from '../servers.ts';
import { run } from '../temp.ts';
import { sitePaths, wpConfig } from './configuration.ts';
import type { SourceOptions } from './options.ts';

export const PEOPLE = {
  admin: ['admin', 'Marseille-soap-41'],
  editor: ['edith', 'Aleppo-soap-42'],
  subscriber: ['sam', 'Castile-soap-43'],
} as const;

/** Stands for the port in a template; a real port takes its place, with as many digits, so that serialized lengths hold. */
export const TEMPLATE_PORT = 11111;
const PACKAGE = '/usr/share/wordpress';
const HERE = import.meta.dirname;

export const hostOf = (options: SourceOptions): string => options.host ?? '127.0.0.1';

export const originOf = (options: SourceOptions, port: number): string =>
  `${options.https ? 'https' : 'http'}://${hostOf(options)}:${port}`;

export interface Template {
  readonly docroot: string;
  readonly dump: string;
}

/** An installed WordPress with content: its files and a dump of its database, made once per kind of source on this machine. */
export async function sourceTemplate(options: SourceOptions): Promise<Template> {
  const kind = {
    posts: options.posts ?? 12,
    scheme: options.https ? 'https' : 'http',
    host: hostOf(options),
    home: options.home ?? '',
    core: options.core ?? options.home ?? '',
    prefix: options.tablePrefix ?? 'wp_',
    multisite: options.multisite ?? false,
  };
  const versions = ['wp-includes/version.php', 'wp-login.php'].map((file) => readFileSync(join(PACKAGE, file)));
  const recipe = ['install.php', 'content.php', 'template.ts', 'configuration.ts'].map((f) =>
    readFileSync(join(HERE, f)),
  );
  const key = createHash('sha256')
    .update(Buffer.concat([...versions, ...recipe]))
    .update(JSON.stringify(kind));
  const folder = await cached(`source-${key.digest('hex').slice(0, 16)}`, (draft) => build(draft, options, kind.posts));
  return { docroot: join(folder, 'docroot'), dump: join(folder, 'dump.sql') };
}

async function build(folder: string, options: SourceOptions, posts: number): Promise<void> {
  const docroot = join(folder, 'docroot');
  const { home, core } = sitePaths(options, docroot);
  await layFiles(docroot, home, core);
  const database = await startMariadb();
  try {
    await database.query('CREATE DATABASE wordpress CHARACTER SET utf8mb4');
    const access = { socket: database.socket, user: 'root', password: '', name: 'wordpress' };
    const origin = originOf(options, TEMPLATE_PORT);
    const config = join(core, 'wp-config.php');
    writeFileSync(config, wpConfig({ ...options, multisite: false, constants: {} }, access, ''));
    if (WEB_USER) {
      await run(['chown', '-R', `${WEB_USER}:`, folder]);
      await run(['chmod', '755', database.folder]);
    }
    const seed = {
      ...PEOPLE,
      posts,
      abspath: core,
      scheme: options.https ? 'https' : 'http',
      host: `${hostOf(options)}:${TEMPLATE_PORT}`,
      path: options.home ?? '',
      home: `${origin}${options.home ?? ''}`,
      siteurl: `${origin}${options.core ?? options.home ?? ''}`,
      multisite: options.multisite ?? false,
    };
    const environment = `SOURCE_SEED=${JSON.stringify(seed)}`;
    const php = ['env', environment, 'php', '-d', 'sendmail_path=/bin/true', '-d', 'display_errors=stderr'];
    // By way of standard input: the web server's user may not be able to read the checkout.
    await run(asWebUser(php), readFileSync(join(HERE, 'install.php'), 'utf8'));
    writeFileSync(config, wpConfig({ ...options, constants: {} }, access, seed.host));
    await run(
      asWebUser(php),
      `${bootCode(options, TEMPLATE_PORT, core)}?>${readFileSync(join(HERE, 'content.php'), 'utf8')}`,
    );
    const dump = ['mariadb-dump', '--no-defaults', '-uroot', '-S', database.socket, '--skip-comments', '--hex-blob'];
    await run([...dump, `--result-file=${join(folder, 'dump.sql')}`, 'wordpress']);
  } finally {
    await database.stop();
  }
}

/** PHP that boots WordPress on the command line as for a request to its front page. */
export function bootCode(options: SourceOptions, port: number, core: string): string {
  const server = {
    HTTP_HOST: `${hostOf(options)}:${port}`,
    SERVER_NAME: hostOf(options),
    SERVER_PROTOCOL: 'HTTP/1.1',
    REQUEST_METHOD: 'GET',
    REQUEST_URI: `${options.home ?? ''}/`,
    ...(options.https ? { HTTPS: 'on' } : {}),
  };
  const lines = Object.entries(server).map(([name, value]) => `$_SERVER['${name}'] = '${value}';`);
  return `<?php ${lines.join(' ')} require '${core}/wp-load.php'; `;
}

async function layFiles(docroot: string, home: string, core: string): Promise<void> {
  if (!existsSync(PACKAGE)) throw new Error('The tests need WordPress: apt-get install wordpress');
  mkdirSync(core, { recursive: true });
  await run(['cp', '-rL', ...['wp-admin', 'wp-includes', 'wp-content'].map((name) => join(PACKAGE, name)), core]);
  await run(['sh', '-c', 'cp -L "$1"/*.php "$1"/*.html "$2"', 'sh', PACKAGE, core]);
  for (const name of ['uploads', 'mu-plugins', 'upgrade'])
    mkdirSync(join(core, 'wp-content', name), { recursive: true });
  cpSync(join(HERE, 'theme'), join(core, 'wp-content/themes/paper'), { recursive: true });
  writeFileSync(join(core, 'wp-content/index.php'), '<?php\n// Silence is golden.\n');
  if (home !== core) {
    const front = readFileSync(join(PACKAGE, 'index.php'), 'utf8');
    const below = core.slice(home.length);
    writeFileSync(join(home, 'index.php'), front.replace("'/wp-blog-header.php'", `'${below}/wp-blog-header.php'`));
  }
  await run(['chmod', '-R', 'u+rwX,go+rX', docroot]);
}
