import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { USER_AGENT } from '../site/access.ts';
import { packagePath } from '../shared/package-root.ts';
import { planMapping } from '../transfer/rewrite/plan.ts';
import type { SiteInfo } from '../site/info.ts';
import type { Configuration } from './configuration.ts';
import { placesOf } from './places.ts';
import type { InstancePaths } from './types.ts';
import { copyWhole, writeWhole } from '../shared/whole-file.ts';

/** What the router and the must-use plugin read (run/settings.json). */
const settingsSchema = z.object({
  cloneId: z.string(),
  cloneUrl: z.string(),
  sourceUrl: z.string(),
  adminUsername: z.string(),
  /** With a leading slash, or ''. */
  homePath: z.string(),
  corePath: z.string(),
  uploadsPath: z.string(),
  sourceUploads: z.string(),
  /** Addresses that are exchanged on the way out: what the source's pages say, and what the clone's say instead. */
  addresses: z.array(z.tuple([z.string(), z.string()])).default([]),
  /** PHP is told that it runs on https, as at the source. */
  sourceHttps: z.boolean().default(false),
  /** How the source's web server calls PHP. */
  sapi: z.string().default(''),
  /** The source's web server reads .htaccess files. */
  htaccess: z.boolean().default(false),
  media: z.enum(['copy', 'proxy']),
  insecureTls: z.boolean(),
  /** What uploads are fetched as: the site knows one visitor. */
  userAgent: z.string().default(USER_AGENT),
  keepMail: z.boolean(),
});
export type InstanceSettings = z.infer<typeof settingsSchema>;

/**
 * Makes the folders of an instance and puts the router and its parts into it, so that a web server can be started on it.
 * Until it is configured it answers 503. Harmless to one that is served: its parts are whole at every moment.
 */
export async function prepareInstance(paths: InstancePaths): Promise<void> {
  const folders = [paths.www, paths.mail, paths.baseline, join(paths.run, 'tmp'), join(paths.run, 'logins')];
  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
  const parts = packagePath('templates', 'instance', 'web');
  const entries = await readdir(parts, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(files.map((file) => copyWhole(file, join(paths.run, 'web', relative(parts, file)))));
  await mkdir(join(paths.run, 'php'), { recursive: true });
  const settings = ['wpclone.ini', 'apart.ini'].map((name) => join(paths.run, 'php', name));
  const templates = ['php.ini', 'php-apart.ini'].map((name) => packagePath('templates', 'instance', name));
  await Promise.all(templates.map((template, index) => cp(template, settings[index] ?? '')));
}

/** What a clone's PHP may do that is closed by default, and what it takes for code. */
export interface Openings {
  readonly keepMail: boolean;
  /** Start programs. */
  readonly allowExec?: boolean | undefined;
  readonly info: Pick<SiteInfo, 'php'>;
}

/** Whether its PHP needs other settings than all clones begin with. */
export const isOpened = (openings: Openings): boolean => namesOf(openings).length > 0;

/** Gives PHP those settings: to deliver mail, to start programs, short tags as at the source. Takes effect when the server is started anew. */
export async function openPhp(paths: InstancePaths, openings: Openings): Promise<void> {
  for (const name of namesOf(openings))
    await cp(packagePath('templates', 'instance', `php-${name}.ini`), join(paths.run, 'php', `zz-${name}.ini`));
}

function namesOf({ keepMail, allowExec, info }: Openings): readonly string[] {
  const opened = [...(keepMail ? ['deliver-mail'] : []), ...(allowExec === true ? ['allow-exec'] : [])].join('-');
  return [opened, info.php.shortOpenTag ? 'short-open-tag' : ''].filter((name) => name !== '');
}

/** Writes run/settings.json, which the router and the must-use plugin read on every request. */
export async function writeSettings(paths: InstancePaths, configuration: Configuration): Promise<void> {
  const { cloneId, cloneUrl, info, adminUsername, media, insecureTls, keepMail } = configuration;
  const places = placesOf(info);
  const { from, to } = planMapping(info, cloneUrl, paths.www);
  const settings: InstanceSettings = {
    cloneId,
    cloneUrl,
    sourceUrl: info.home,
    adminUsername,
    homePath: slashed(places.home),
    corePath: slashed(places.core),
    uploadsPath: slashed(places.uploads),
    sourceUploads: info.urls.uploads,
    addresses: from.map((address, index) => [address, to[index] ?? cloneUrl]),
    sourceHttps: [info.home, info.siteurl].some((url) => url.startsWith('https:')),
    sapi: info.php.sapi,
    htaccess: /apache|litespeed/i.test(info.serverSoftware),
    media,
    insecureTls,
    userAgent: USER_AGENT,
    keepMail,
  };
  await writeWhole(join(paths.run, 'settings.json'), JSON.stringify(settings), 0o600);
}

/** Reads run/settings.json. Throws when the clone is not configured yet. */
export async function readSettings(paths: InstancePaths): Promise<InstanceSettings> {
  return settingsSchema.parse(JSON.parse(await readFile(join(paths.run, 'settings.json'), 'utf8')));
}

/** The router compares whole seconds; rounding down lets nobody in after the end. `expiresAt` is in milliseconds. */
export async function writeExpiry(paths: InstancePaths, expiresAt: number): Promise<void> {
  await writeWhole(join(paths.run, 'expires'), String(Math.floor(expiresAt / 1000)));
}

const slashed = (place: string): string => (place === '' ? '' : `/${place}`);
