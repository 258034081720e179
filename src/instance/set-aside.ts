import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../shared/system.ts';
import type { SiteInfo } from '../site/info.ts';
import { DROP_INS, HOST_PLUGINS, LOADER_MENTIONS } from './host-plugins.ts';
import { inWww, placesOf } from './places.ts';
import type { InstancePaths } from './types.ts';

/** Bytes. A larger file does more than load another. */
const LOADER_BYTES = 64 * 1024;
const MU_PLUGINS = 'mu-plugins';

/**
 * Moves what cannot run here into a folder outside the document root. Returns all that lies there, by path under the content
 * folder: a try that was cut off has moved some of it already.
 */
export async function setAside(paths: InstancePaths, info: SiteInfo): Promise<readonly string[]> {
  const places = placesOf(info);
  const content = inWww(paths.www, places.content);
  const muPlugins = inWww(paths.www, places.muPlugins);
  const aside = join(paths.folder, 'set-aside');
  const [dropIns, hostPlugins] = await Promise.all([dropInsIn(content), hostPluginsIn(muPlugins)]);
  const moved = [
    ...dropIns.map((name) => ({ from: join(content, name), name })),
    ...hostPlugins.map((name) => ({ from: join(muPlugins, name), name: `${MU_PLUGINS}/${name}` })),
  ];
  for (const { from, name } of moved) await move(from, join(aside, name));
  // An update that was running at the source left it; here nothing would remove it, and visitors would see its maintenance page.
  await rm(inWww(paths.www, places.core, '.maintenance'), { force: true });
  const muPluginsAside = (await namesIn(join(aside, MU_PLUGINS))).sort();
  return [...(await dropInsIn(aside)), ...muPluginsAside.map((name) => `${MU_PLUGINS}/${name}`)];
}

async function dropInsIn(content: string): Promise<readonly string[]> {
  const names = new Set(await namesIn(content));
  return DROP_INS.filter((name) => names.has(name));
}

async function hostPluginsIn(folder: string): Promise<readonly string[]> {
  const known = new Set(HOST_PLUGINS.flatMap((plugin) => plugin.names));
  const names = await namesIn(folder);
  const chosen = await Promise.all(names.map(async (name) => known.has(name) || (await isLoader(join(folder, name)))));
  return names.filter((_, index) => chosen[index]);
}

async function isLoader(file: string): Promise<boolean> {
  if (!file.endsWith('.php')) return false;
  const code = await readFile(file, 'latin1').catch(() => '');
  return code.length < LOADER_BYTES && LOADER_MENTIONS.test(code);
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rm(to, { recursive: true, force: true });
  await rename(from, to).catch(async (error: unknown) => {
    if (codeOf(error) !== 'EXDEV') throw error;
    await cp(from, to, { recursive: true, verbatimSymlinks: true });
    await rm(from, { recursive: true, force: true });
  });
}
