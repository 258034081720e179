import { withoutWww } from '../shared/site-address.ts';
import { join } from 'node:path';
import { WpcloneError } from '../shared/errors.ts';
import type { SiteInfo } from '../site/info.ts';
import { isSafePath, joinPlaces, placeOf } from '../transfer/files/places.ts';

/** Where parts of the site lie in the clone: paths below the origin and below `www` alike, without slashes at the ends. */
export interface Places {
  readonly home: string;
  readonly core: string;
  readonly content: string;
  readonly plugins: string;
  readonly muPlugins: string;
  readonly uploads: string;
}

/** Throws SOURCE_FAILED when the site names a place outside of itself. */
export function placesOf(info: SiteInfo): Places {
  const core = pathOf(info.siteurl);
  // By the copied folder that holds it: the one place where its files really are.
  const content = placeOf(info, info.paths.content) ?? byUrl(info, info.urls.content) ?? joinPlaces(core, 'wp-content');
  return {
    home: pathOf(info.home),
    core,
    content,
    plugins: placeOf(info, info.paths.plugins) ?? byUrl(info, info.urls.plugins) ?? joinPlaces(content, 'plugins'),
    muPlugins: placeOf(info, info.paths.muPlugins) ?? joinPlaces(content, 'mu-plugins'),
    // By its address first: that is what the pages of the clone ask for.
    uploads: byUrl(info, info.urls.uploads) ?? placeOf(info, info.paths.uploads) ?? joinPlaces(content, 'uploads'),
  };
}

/** The file or folder of the clone at a place. */
export const inWww = (www: string, ...places: readonly string[]): string => join(www, ...places.map(checked));

/** By its address, when that is on the site's own host: only such addresses are rewritten to the clone's. */
function byUrl(info: SiteInfo, url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const own = [info.home, info.siteurl].map(hostOf);
  return own.includes(hostOf(url)) ? pathOf(url) : undefined;
}

const hostOf = (url: string): string => withoutWww(new URL(url).host);

function pathOf(url: string): string {
  try {
    // Two slashes are one to every web server.
    return checked(
      decodeURIComponent(new URL(url).pathname)
        .replace(/\/{2,}/g, '/')
        .replace(/^\/|\/$/g, ''),
    );
  } catch (error) {
    throw new WpcloneError('SOURCE_FAILED', `The site gave an address that cannot be used: ${url}`, { cause: error });
  }
}

function checked(place: string): string {
  if (place === '' || isSafePath(place)) return place;
  throw new WpcloneError('SOURCE_FAILED', `The site gave a path that leads out of it: ${place}`);
}
