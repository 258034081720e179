import { isWithin } from '../../transfer/files/places.ts';
import { isSafeUpload } from './upload-names.ts';

/** Where parts of the site lie below the document root. */
export interface CodePlaces {
  readonly core: string;
  readonly content: string;
  readonly plugins: string;
  readonly muPlugins: string;
  readonly uploads: string;
}

/** What a file belongs to. */
export interface Package {
  /** `plugin`, `theme`, `mu-plugin`, `languages` (one set of translations), `core`: whole things. `upload`, `files`: each for itself. `fixed`: never written. */
  readonly kind: 'plugin' | 'theme' | 'mu-plugin' | 'languages' | 'core' | 'upload' | 'files' | 'fixed';
  readonly name: string;
  /** The folder of the package, or its one file. */
  readonly folder: string;
}

/** What belongs to the host or to wpclone, and what runs before WordPress. */
const FIXED =
  /(^|\/)(\.htaccess|\.user\.ini|php\.ini|web\.config|\.env[^/]*|[.#]*wp-config[^/]*\.php[^/]*|\.maintenance)$/i;
/** What is hidden among code: no part of what PHP loads. */
const HIDDEN = /^(?:[^/]+\/)*?\.[^/]+/;
const CORE = /^(wp-admin|wp-includes)\/|^(index|xmlrpc|wp-[a-z-]+)\.php$|^(license\.txt|readme\.html|liesmich\.html)$/;

/** What a file belongs to, by its place below the document root. */
export function packageOf(place: string, places: CodePlaces): Package {
  const below = (folder: string): string | undefined =>
    isWithin(place, folder) && place !== folder ? place.slice(folder === '' ? 0 : folder.length + 1) : undefined;
  if (FIXED.test(place)) return { kind: 'fixed', name: place, folder: place };
  const upload = below(places.uploads);
  const isCode = [places.plugins, places.muPlugins, `${places.content}/themes`, `${places.content}/languages`].some(
    // Uploads may lie around the code, never in it.
    (folder) => isWithin(place, folder) && isWithin(folder, places.uploads),
  );
  if (upload !== undefined && !isCode) return { kind: 'upload', name: upload, folder: place };
  for (const [kind, folder] of [
    ['mu-plugin', places.muPlugins],
    ['plugin', places.plugins],
    ['theme', `${places.content}/themes`],
  ] as const) {
    const rest = below(folder);
    if (rest !== undefined) return hiddenIn(place) ?? inFolder(kind, folder, rest);
  }
  const content = below(places.content);
  if (content?.startsWith('languages/'))
    return { kind: 'languages', name: translations(content.slice(10)), folder: `${places.content}/languages` };
  // Drop-ins.
  if (content !== undefined && /^[^/]+\.php$/.test(content) && content !== 'index.php')
    return { kind: 'fixed', name: place, folder: place };
  if (content === undefined && CORE.test(below(places.core) ?? ''))
    return { kind: 'core', name: 'core', folder: places.core };
  return { kind: 'files', name: place, folder: place };
}

/**
 * Which translations a file is part of: those of one plugin or theme in one language, or WordPress's own in one. Sites bring each up to date
 * by itself, with whatever day it comes.
 */
function translations(path: string): string {
  const name = path.replace(/(-[0-9a-f]{32})?(\.l10n)?\.(mo|po|json|php)$/, '');
  return name.replace(/^(admin|admin-network|continents-cities)-/, '');
}

function hiddenIn(place: string): Package | undefined {
  const hidden = HIDDEN.exec(place)?.[0];
  return hidden === undefined ? undefined : { kind: 'fixed', name: hidden, folder: hidden };
}

function inFolder(kind: 'plugin' | 'theme' | 'mu-plugin', folder: string, rest: string): Package {
  const name = rest.split('/')[0] ?? rest;
  return { kind, name: name.replace(/\.php$/, ''), folder: `${folder}/${name}` };
}

/** Made by the site itself out of something else. */
const GENERATED =
  /^(elementor\/(css|google-fonts|screenshots)|cache|wc-logs|wpo|et-cache|bb-plugin\/cache|.*\/cache)\//;
export const isGenerated = ({ kind, name }: Package): boolean => kind === 'upload' && GENERATED.test(name);

/** Uploads that a site must not be given: what a web server may run, and what is hidden. */
export const isDangerous = ({ kind, name }: Package): boolean => kind === 'upload' && !isSafeUpload(name);
