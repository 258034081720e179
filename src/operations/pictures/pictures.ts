import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { withBrowser } from '../../site/connect/browser/browser.ts';
import { compareImages } from './compare.ts';

/** A page before and after, and where the two differ. */
export interface Picture {
  /** What people call the page: `front page`, `page:12`. */
  readonly page: string;
  /** Names of files in the folder of the pictures. */
  readonly before: string;
  readonly after: string;
  /** Absent where nothing differs. */
  readonly difference?: string;
  /** How many points differ, and of how many. */
  readonly pixels: number;
  readonly of: number;
}

/** A page of a site, by what people call it. */
export interface PicturedPage {
  readonly name: string;
  readonly url: URL;
}

/** Pages of single things that are pictured, at most. */
const MOST = 10;

/** Points that a picture is wide, and at most high: a page may be endless. */
const WIDTH = 1280;
const HEIGHT = 800;
const HIGHEST = 6000;

/** Milliseconds for a page to come, and for what it loads afterwards. */
const PAGE_LIMIT = 30_000;
const QUIET_LIMIT = 5_000;

/** What belongs to the clone, and what moves, is in no picture. */
const STILL =
  '#wpclone-bar{display:none!important} html body{padding-bottom:0!important} *{caret-color:transparent!important}';

/** Kinds of things that have a page of their own under their number. */
const NO_PAGE =
  /^(term|menu|comment|user|link|row|order|shop_\w+|nav_menu_item|attachment|option|upload|wp_\w+|custom_css):/;

/** The front page, and the pages of what is written there. */
export function pagesOf(home: string, items: readonly string[]): PicturedPage[] {
  const things = items.flatMap((id) => {
    const number = NO_PAGE.test(id) ? undefined : /^[\w-]+:(\d+)$/.exec(id)?.[1];
    return number === undefined ? [] : [{ name: id, url: new URL(`${home}/?p=${number}`) }];
  });
  return [{ name: 'front page', url: new URL(`${home}/`) }, ...things.slice(0, MOST)];
}

/** Takes pictures of pages, one after the other, as PNG. Throws BROWSER_MISSING, PICTURES_FAILED. */
export async function takePictures(
  pages: readonly PicturedPage[],
  deps: WorkContext & { readonly environment: NodeJS.ProcessEnv },
): Promise<Buffer[]> {
  const [first] = pages;
  if (first === undefined) return [];
  return withBrowser(first.url, deps, async (browser) => {
    const pictures: Buffer[] = [];
    for (const page of pages) pictures.push(await pictureOf(page, browser));
    return pictures;
  });
}

async function pictureOf({ name, url }: PicturedPage, browser: Browser): Promise<Buffer> {
  const context = await browser.newContext({
    viewport: { width: WIDTH, height: HEIGHT },
    reducedMotion: 'reduce',
    serviceWorkers: 'block',
  });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PAGE_LIMIT);
    await page.goto(url.href, { waitUntil: 'load', timeout: PAGE_LIMIT });
    // A page that never comes to rest is pictured as it is by then.
    await page.waitForLoadState('networkidle', { timeout: QUIET_LIMIT }).catch(() => undefined);
    await page.addStyleTag({ content: STILL });
    const { height } = (await page.locator('html').boundingBox()) ?? { height: HEIGHT };
    const clip = { x: 0, y: 0, width: WIDTH, height: Math.max(HEIGHT, Math.min(HIGHEST, Math.ceil(height))) };
    return await page.screenshot({ fullPage: true, clip, animations: 'disabled', timeout: PAGE_LIMIT });
  } catch (error) {
    throw new WpcloneError('PICTURES_FAILED', `No picture could be taken of the ${name}.`, { cause: error });
  } finally {
    await context.close().catch(() => undefined);
  }
}

/** Writes both pictures of each page into the folder, and where they differ. Throws PICTURES_FAILED, BROWSER_MISSING. */
export async function keepPictures(
  folder: string,
  pages: readonly PicturedPage[],
  { before, after }: { readonly before: readonly Buffer[]; readonly after: readonly Buffer[] },
  deps: WorkContext & { readonly environment: NodeJS.ProcessEnv },
): Promise<Picture[]> {
  const pairs = pages.map((_, at) => [before[at] ?? Buffer.alloc(0), after[at] ?? Buffer.alloc(0)] as const);
  const found = await withBrowser(new URL('http://127.0.0.1/'), deps, (browser) => compareImages(pairs, browser));
  const kept: Picture[] = [];
  for (const [at, { name }] of pages.entries()) {
    const stem = `${String(at + 1).padStart(2, '0')}-${fileName(name)}`;
    const [one, other] = pairs[at] ?? [];
    const { pixels, of, image } = found[at] ?? { pixels: 0, of: 0, image: undefined };
    const files = { before: `${stem}-before.png`, after: `${stem}-after.png` };
    await write(folder, files.before, one);
    await write(folder, files.after, other);
    if (image) await write(folder, `${stem}-difference.png`, image);
    kept.push({ page: name, ...files, ...(image && { difference: `${stem}-difference.png` }), pixels, of });
  }
  return kept;
}

/** Names of things come from a site: nothing of them but letters, digits and dashes gets into a file's name. */
const fileName = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40) || 'page';

async function write(folder: string, name: string, content: Buffer | undefined): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), content ?? Buffer.alloc(0));
  } catch (error) {
    throw new WpcloneError('PICTURES_FAILED', `A picture cannot be written to ${join(folder, name)}.`, {
      cause: error,
    });
  }
}
