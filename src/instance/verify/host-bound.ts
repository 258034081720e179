import { open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { printable, shellWord } from '../../shared/format.ts';
import type { SiteInfo } from '../../site/info.ts';
import { inWww, placesOf } from '../places.ts';
import type { InstanceSite } from '../types.ts';

const LOOKS_AT_HOST = /HTTP_HOST|SERVER_NAME/;
const OWN = 'wpclone-instance.php';
/** Bytes of a file, and files of a folder, that are read: this is a hint, not a search. */
const BEGINNING = 256 * 1024;
const MOST = 500;
const NAMED = 3;

/**
 * A next step for a clone that nobody gets into though PHP said nothing: code that only runs at the host name of the source (a
 * licence, a redirect to "the" address) does that. Names must-use plugins, else plugins, that look at the host name; '' when none does.
 */
export async function whatLooksAtHost(site: InstanceSite, info: SiteInfo): Promise<string> {
  const { content, muPlugins } = placesOf(info);
  const { www } = site.paths;
  const plugins = inWww(www, content, 'plugins');
  const folders = (await namesIn(plugins)).map((name) => join(plugins, name));
  for (const group of [[inWww(www, muPlugins)], [plugins, ...folders]]) {
    const found = (await Promise.all(group.map(hostBoundIn))).flat();
    if (found.length > 0) return hint(found.map((file) => relative(www, file)));
  }
  return '';
}

function hint(files: readonly string[]): string {
  const named = files.slice(0, NAMED).map((file) => printable(file));
  const more = files.length > NAMED ? ` and ${files.length - NAMED} more` : '';
  const without = shellWord(named[0] ?? '');
  return ` It may insist on the source's host name; these look at it: ${named.join(', ')}${more}. To do without one: clone with --exclude-path ${without}.`;
}

const namesIn = async (folder: string): Promise<string[]> => (await readdir(folder).catch(() => [])).slice(0, MOST);

async function hostBoundIn(folder: string): Promise<string[]> {
  const files = (await namesIn(folder)).filter((name) => name.endsWith('.php') && name !== OWN).toSorted();
  const bound: string[] = [];
  for (const name of files) {
    const path = join(folder, name);
    if (LOOKS_AT_HOST.test(await beginningOf(path).catch(() => ''))) bound.push(path);
  }
  return bound;
}

async function beginningOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(BEGINNING), 0, BEGINNING, 0);
    return buffer.subarray(0, bytesRead).toString('latin1');
  } finally {
    await file.close();
  }
}
