import type { Mariadb } from '../mariadb.ts';

export type Constant = string | number | boolean;

/** How the source differs from a plain WordPress at the root of http://HOST:PORT. */
export interface SourceOptions {
  /** The address of this machine that the site listens on and is known by: pods reach another one than 127.0.0.1, the default. */
  readonly host?: string;
  /** Number of posts, each with meta; every third has a comment. Default 12. */
  readonly posts?: number;
  /** Serve https with a self-signed certificate. */
  readonly https?: boolean;
  /** Path of the site below the origin, such as '/blog'. */
  readonly home?: string;
  /** Path of the core below the origin when it is not where the site is, such as '/core'. */
  readonly core?: string;
  readonly tablePrefix?: string;
  readonly multisite?: boolean;
  /** More constants for wp-config.php, such as DISALLOW_FILE_MODS. */
  readonly constants?: Readonly<Record<string, Constant>>;
  /** Must-use plugins to drop in: file name → PHP source. */
  readonly muPlugins?: Readonly<Record<string, string>>;
  /** Plugins to drop in: path below plugins/ ('shop/shop.php') → PHP source. Files with a plugin header are activated. */
  readonly plugins?: Readonly<Record<string, string>>;
  /** wp-login.php answers 404, the form is at /member-entrance/. `unlinked`: the front page does not show where. */
  readonly movedLogin?: 'linked' | 'unlinked';
  /** The log-in form is made by a script (`built`), or refused without a value that a script puts in (`token`). */
  readonly scriptedLogin?: 'built' | 'token';
  /** The log-in form asks for the name first, for the password on the `next` page or, by a script, on the `same`. */
  readonly twoStepLogin?: 'next' | 'same';
  /** Asks for a code after the password (`page`), or in one more field of the form (`field`). */
  readonly secondFactor?: 'page' | 'field';
  /** The "is this still your address?" page appears at log-in. */
  readonly confirmAdminEmail?: boolean;
  /** nginx answers 503 (or `status`) above that many requests a minute. */
  readonly rateLimit?: { readonly perMinute: number; readonly burst?: number; readonly status?: number };
  readonly basicAuth?: { readonly user: string; readonly password: string };
  /** The plugins folder belongs to another user. */
  readonly readOnlyPlugins?: boolean;
  /** A .maintenance file is there. */
  readonly maintenance?: boolean;
  /** Lines for php.ini, such as { memory_limit: '64M' }. */
  readonly ini?: Readonly<Record<string, string>>;
  /** PHP's processes. [default: 5] */
  readonly workers?: number;
  /** Lines for nginx's server block. */
  readonly nginx?: string;
  /** Another PHP than this machine's: how its programs are started; see ../foreign. */
  readonly php?: { readonly fpm: readonly string[]; readonly cli: readonly string[] };
  /** Use this database server instead of starting one. It is not stopped with the source. */
  readonly mariadb?: Mariadb;
}

export interface Source {
  /** The home URL, without a trailing slash. */
  readonly url: string;
  /** Where the core is; the same as `url` unless `core` was given. */
  readonly siteUrl: string;
  /** Where the log-in form is. */
  readonly loginUrl: string;
  readonly port: number;
  readonly adminUser: string;
  readonly adminPassword: string;
  readonly editorUser: string;
  readonly editorPassword: string;
  readonly subscriberUser: string;
  readonly subscriberPassword: string;
  /** ABSPATH, without a trailing slash. */
  readonly path: string;
  /** The web server's document root. */
  readonly docroot: string;
  readonly content: string;
  readonly tablePrefix: string;
  readonly mariadb: Mariadb;
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly socket: string;
    readonly user: string;
    readonly password: string;
    readonly name: string;
  };
  /** Folder with access.log, error.log (nginx) and php.log. */
  readonly logs: string;
  /** Runs PHP (without `<?php`) inside this WordPress, as the web server's user, and returns what it printed. */
  php(code: string): Promise<string>;
  /** Runs one statement in the site's database. */
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Ends nginx and PHP in mid-request, as a crash would. */
  killWeb(): Promise<void>;
  /** Starts nginx and PHP again after `killWeb`, or restarts them. */
  restart(): Promise<void>;
  /** Ends everything and removes the files. Safe to call twice. */
  stop(): Promise<void>;
}
