import type { CheerioAPI } from 'cheerio/slim';
import { ownUrl } from '../../own-urls.ts';
import type { Page } from '../visit/page.ts';
import { PLUGIN_FILE } from './zip.ts';

/** The link of a page that does `action` to our plugin. */
export function actionLink($: CheerioAPI, action: string, page: Page): URL | undefined {
  for (const { attribs } of $('a[href*="plugins.php"]').toArray()) {
    const url = ownUrl(attribs['href'], page.url);
    if (url?.searchParams.get('action') === action && url.searchParams.get('plugin') === PLUGIN_FILE) return url;
  }
  return undefined;
}
