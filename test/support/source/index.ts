import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type NetConnectOpts } from 'node:net';
import { dirname, join } from 'node:path';
import { Agent, request } from 'undici';
import { cached, startMariadb, type Mariadb } from '../mariadb.ts';
import { asWebUser, startServer, waitFor, WEB_USER, type Server } from '../servers.ts';
import { freePort, makeTemp, run } from '../temp.ts';
import { fpmConfig, htpasswd, iniArguments, nginxConfig, sitePaths, wpConfig } from './configuration.ts';
import type { Source, SourceOptions } from './options.ts';
import { bootCode, hostOf, originOf, PEOPLE, sourceTemplate, TEMPLATE_PORT } from './template.ts';

export type { Source, SourceOptions } from './options.ts';

/** Starts a real WordPress: Debian's package behind nginx and php-fpm, on a database of its own, with content. */
export async function startSource(options: SourceOptions = {}): Promise<Source> {
  const template = await sourceTemplate(options);
  const folder = makeTemp('source');
  chmodSync(folder, 0o755);
  const docroot = join(folder, 'docroot');
  const [port, mariadb] = await Promise.all([
    freePort(),
    options.mariadb ?? startMariadb(),
    run(['cp', '-a', '--reflink=auto', template.docroot, docroot]),
  ]);
  for (const name of ['logs', 'tmp']) mkdirSync(join(folder, name));
  const web = webServers(options, folder, docroot, port);
  const stop = async (): Promise<void> => {
    await web.stop('SIGKILL');
    if (!options.mariadb) await mariadb.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const database = await loadDatabase(mariadb, template.dump, port);
    const { core } = sitePaths(options, docroot);
    dropIn(options, core, database, port);
    if (WEB_USER) await run(['chown', '-R', `${WEB_USER}:`, ...ownFiles(folder, core)]);
    const source = describe(options, { port, docroot, core, mariadb, database, folder, web, stop });
    await activate(options, source);
    lock(options, core);
    await web.start();
    return source;
  } catch (error) {
    await stop();
    throw error;
  }
}

type Database = Source['database'];

async function loadDatabase(mariadb: Mariadb, dump: string, port: number): Promise<Database> {
  const name = `wp_${port}`;
  const password = `db-${port}`;
  await mariadb.script(
    `CREATE DATABASE \`${name}\` CHARACTER SET utf8mb4;
     CREATE USER '${name}'@'%' IDENTIFIED BY '${password}'; GRANT ALL ON \`${name}\`.* TO '${name}'@'%';
     CREATE USER '${name}'@'localhost' IDENTIFIED BY '${password}'; GRANT ALL ON \`${name}\`.* TO '${name}'@'localhost';
     USE \`${name}\`; ${readFileSync(dump, 'utf8').replaceAll(String(TEMPLATE_PORT), String(port))}`,
  );
  if (WEB_USER) chmodSync(mariadb.folder, 0o755);
  return { host: '127.0.0.1', port: mariadb.port, socket: mariadb.socket, user: name, password, name };
}

function dropIn(options: SourceOptions, core: string, database: Database, port: number): void {
  const content = join(core, 'wp-content');
  writeFileSync(join(core, 'wp-config.php'), wpConfig(options, database, `${hostOf(options)}:${port}`));
  const own = (name: string): void =>
    cpSync(join(import.meta.dirname, 'mu-plugins', `${name}.php`), join(content, 'mu-plugins', `${name}.php`));
  if (options.movedLogin) own('moved-login');
  if (options.scriptedLogin) own(`scripted-${options.scriptedLogin}`);
  if (options.twoStepLogin) own(`two-step-${options.twoStepLogin}`);
  if (options.secondFactor) own(`second-factor-${options.secondFactor}`);
  for (const [name, code] of Object.entries(options.muPlugins ?? {}))
    writeFileSync(join(content, 'mu-plugins', name), code);
  for (const [name, code] of Object.entries(options.plugins ?? {})) {
    mkdirSync(dirname(join(content, 'plugins', name)), { recursive: true });
    writeFileSync(join(content, 'plugins', name), code);
  }
}

const ownFiles = (folder: string, core: string): string[] => [
  folder,
  ...['logs', 'tmp'].map((name) => join(folder, name)),
  ...['wp-config.php', 'wp-content/mu-plugins', 'wp-content/plugins'].map((name) => join(core, name)),
];

async function activate(options: SourceOptions, source: Source): Promise<void> {
  const lines = Object.entries(options.plugins ?? {})
    .filter(([, code]) => code.includes('Plugin Name:'))
    .map(([name]) => `activate_plugin( '${name}' );`);
  if (lines.length > 0) lines.unshift("require_once ABSPATH . 'wp-admin/includes/plugin.php';");
  if (options.confirmAdminEmail) lines.push("update_option( 'admin_email_lifespan', 1 );");
  if (options.movedLogin === 'unlinked') lines.push("update_option( 'sidebars_widgets', array() );");
  if (lines.length > 0) await source.php(lines.join(' '));
}

function lock(options: SourceOptions, core: string): void {
  const plugins = join(core, 'wp-content/plugins');
  if (options.readOnlyPlugins) chmodSync(plugins, 0o555);
  if (options.maintenance) writeFileSync(join(core, '.maintenance'), '<?php $upgrading = time();\n');
}

interface Parts {
  readonly port: number;
  readonly docroot: string;
  readonly core: string;
  readonly mariadb: Mariadb;
  readonly database: Database;
  readonly folder: string;
  readonly web: WebServers;
  readonly stop: () => Promise<void>;
}

function describe(options: SourceOptions, parts: Parts): Source {
  const { port, core, database } = parts;
  const url = `${originOf(options, port)}${options.home ?? ''}`;
  const siteUrl = `${originOf(options, port)}${options.core ?? options.home ?? ''}`;
  return {
    url,
    siteUrl,
    loginUrl: `${siteUrl}/${options.movedLogin ? 'member-entrance/' : 'wp-login.php'}`,
    port,
    adminUser: PEOPLE.admin[0],
    adminPassword: PEOPLE.admin[1],
    editorUser: PEOPLE.editor[0],
    editorPassword: PEOPLE.editor[1],
    subscriberUser: PEOPLE.subscriber[0],
    subscriberPassword: PEOPLE.subscriber[1],
    path: core,
    docroot: parts.docroot,
    content: join(core, 'wp-content'),
    tablePrefix: options.tablePrefix ?? 'wp_',
    mariadb: parts.mariadb,
    database,
    logs: join(parts.folder, 'logs'),
    php: (code) =>
      run(phpCommand(options, iniArguments(options, parts.folder)), `${bootCode(options, port, core)}${code}`),
    query: (sql) => parts.mariadb.query(sql, database.name),
    killWeb: () => parts.web.stop('SIGKILL'),
    restart: async () => {
      await parts.web.stop();
      await parts.web.start();
    },
    stop: parts.stop,
  };
}

const phpCommand = (options: SourceOptions, words: readonly string[]): string[] =>
  options.php === undefined ? asWebUser(['php', ...words]) : [...options.php.cli, ...words];

interface WebServers {
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

function webServers(options: SourceOptions, folder: string, docroot: string, port: number): WebServers {
  let running: Server[] = [];
  return {
    start: async () => {
      const certificates = options.https ? await certificate() : '';
      writeFileSync(join(folder, 'nginx.conf'), nginxConfig(options, { folder, docroot, port, certificates }));
      writeFileSync(join(folder, 'fpm.conf'), fpmConfig(options, folder));
      if (options.basicAuth) {
        writeFileSync(join(folder, 'htpasswd'), htpasswd(options.basicAuth.user, options.basicAuth.password));
      }
      const log = join(folder, 'logs/servers.log');
      // Where a process of one that was killed still listens, the new one would not begin, and nobody would answer for PHP any more.
      rmSync(join(folder, 'php.sock'), { force: true });
      const words = ['-F', '-y', join(folder, 'fpm.conf'), ...iniArguments(options, folder)];
      running = [
        // A foreign one needs root to get into its root, and leaves it there.
        startServer([...(options.php?.fpm ?? ['php-fpm8.2']), ...words], {
          log,
          unprivileged: options.php === undefined,
        }),
        startServer(['nginx', '-p', folder, '-c', join(folder, 'nginx.conf')], { log, unprivileged: true }),
      ];
      await waitFor('PHP', () => reach({ path: join(folder, 'php.sock') }), log);
      await waitFor('nginx', () => reach({ port, host: hostOf(options) }), log);
      if (!options.rateLimit) await warm(`${originOf(options, port)}${options.home ?? ''}/`);
    },
    stop: async (signal) => {
      const servers = running;
      running = [];
      await Promise.all(servers.map((server) => server.stop(signal)));
    },
  };
}

async function reach(address: NetConnectOpts): Promise<void> {
  const socket = connect(address);
  await once(socket, 'connect');
  socket.destroy();
}

/** Fills PHP's code cache, as a site in use has it. */
async function warm(url: string): Promise<void> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const { body } = await request(url, { dispatcher });
  await body.dump();
  await dispatcher.close();
}

/** A self-signed certificate for 127.0.0.1, which nobody trusts. */
const certificate = (): Promise<string> =>
  cached('certificate', async (folder) => {
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    await run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', ...subject, ...files]);
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'key.pem'), 0o644);
  });
