import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Constant, SourceOptions } from './options.ts';

const literal = (value: Constant): string =>
  typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : String(value);

const KEYS = ['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'].flatMap((name) => [`${name}_KEY`, `${name}_SALT`]);

export function wpConfig(
  options: SourceOptions,
  database: { readonly socket: string; readonly user: string; readonly password: string; readonly name: string },
  host: string,
): string {
  const constants: Record<string, Constant> = {
    DB_NAME: database.name,
    DB_USER: database.user,
    DB_PASSWORD: database.password,
    DB_HOST: `localhost:${database.socket}`,
    DB_CHARSET: 'utf8mb4',
    DB_COLLATE: '',
    ...Object.fromEntries(KEYS.map((name) => [name, randomBytes(24).toString('base64')])),
    // The machine that tests run on may have no way out; a source must not wait for it.
    WP_HTTP_BLOCK_EXTERNAL: true,
    DISABLE_WP_CRON: true,
    ...(options.multisite ? network(options, host) : {}),
    ...options.constants,
  };
  const lines = Object.entries(constants).map(([name, value]) => `define( '${name}', ${literal(value)} );`);
  return `<?php
${lines.join('\n')}
$table_prefix = ${literal(options.tablePrefix ?? 'wp_')};
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
`;
}

function network(options: SourceOptions, host: string): Record<string, Constant> {
  return {
    WP_ALLOW_MULTISITE: true,
    MULTISITE: true,
    SUBDOMAIN_INSTALL: false,
    DOMAIN_CURRENT_SITE: host,
    PATH_CURRENT_SITE: `${options.home ?? ''}/`,
    SITE_ID_CURRENT_SITE: 1,
    BLOG_ID_CURRENT_SITE: 1,
    COOKIE_DOMAIN: '',
  };
}

export function nginxConfig(
  options: SourceOptions,
  at: { readonly folder: string; readonly docroot: string; readonly port: number; readonly certificates: string },
): string {
  const { folder } = at;
  const tls = options.https
    ? `ssl_certificate ${at.certificates}/cert.pem; ssl_certificate_key ${at.certificates}/key.pem;`
    : '';
  const limit = options.rateLimit;
  const home = options.home ?? '';
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((n) => `${n}_temp_path ${folder}/tmp-${n};`);
  return `daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/logs/error.log warn;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types; default_type application/octet-stream;
  access_log ${folder}/logs/access.log; sendfile on; client_max_body_size 64m; server_tokens off;
  ${temps.join('\n  ')}
  ${limit ? `limit_req_zone $binary_remote_addr zone=all:1m rate=${limit.perMinute}r/m; limit_req_status ${limit.status ?? 503};` : ''}
  server {
    listen ${options.host ?? '127.0.0.1'}:${at.port}${options.https ? ' ssl' : ''}; ${tls}
    root ${at.docroot}; index index.php index.html;
    ${limit ? `limit_req zone=all${limit.burst ? ` burst=${limit.burst} nodelay` : ''};` : ''}
    ${options.basicAuth ? `auth_basic "staging"; auth_basic_user_file ${folder}/htpasswd;` : ''}
    ${options.nginx ?? ''}
    location / { try_files $uri $uri/ ${home}/index.php?$args; }
    location ~ \\.php$ {
      try_files $uri =404;
      fastcgi_pass unix:${folder}/php.sock; fastcgi_read_timeout 300; fastcgi_index index.php;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_param HTTP_HOST $http_host;
    }
  }
}
`;
}

export const fpmConfig = (options: SourceOptions, folder: string): string => `[global]
error_log = ${folder}/logs/fpm.log
daemonize = no
[www]
listen = ${folder}/php.sock
listen.mode = 0666
pm = static
pm.max_children = ${options.workers ?? 5}
catch_workers_output = yes
`;

/** php.ini settings, as command line arguments. */
export function iniArguments(options: SourceOptions, folder: string): string[] {
  const settings = {
    sendmail_path: '/bin/true',
    memory_limit: '128M',
    upload_max_filesize: '64M',
    post_max_size: '64M',
    log_errors: '1',
    error_log: `${folder}/logs/php.log`,
    upload_tmp_dir: `${folder}/tmp`,
    sys_temp_dir: `${folder}/tmp`,
    'opcache.revalidate_freq': '0',
    ...options.ini,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-d', `${name}=${value}`]);
}

/** RFC 2307 style, which nginx reads. */
export const htpasswd = (user: string, password: string): string =>
  `${user}:{SHA}${createHash('sha1').update(password).digest('base64')}\n`;

export const sitePaths = (options: SourceOptions, docroot: string): { home: string; core: string } => ({
  home: join(docroot, options.home ?? ''),
  core: join(docroot, options.core ?? options.home ?? ''),
});
