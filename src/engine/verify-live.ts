import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { counted, printable } from '../shared/format.ts';
import { undoApplied } from '../restore/write/write.ts';
import type { SourceAccess } from '../site/access.ts';
import type { SiteInfo } from '../site/info.ts';
import { lookAtPages } from '../site/look-at-source.ts';
import type { Look, Sight } from '../site/looks.ts';
import type { WriteClient } from '../site/write/client.ts';
import { loggedSince } from './logged-errors.ts';
import type { Pipeline } from './pipeline.ts';

/** A page of the live site, by what people call it. */
interface Page {
  readonly name: string;
  readonly url: URL;
  readonly isLogin: boolean;
  /** Of a single thing that is written. */
  readonly isThing?: true;
}
interface SeenPage extends Page {
  readonly sight: Sight;
}

/** Where the pages of a live site are. */
export interface LiveSite {
  readonly access: SourceAccess;
  readonly info: Pick<SiteInfo, 'home' | 'siteurl'>;
}

/** A live site that was just written to. */
export interface WrittenSite extends LiveSite {
  readonly before: readonly SeenPage[];
  readonly client: WriteClient;
  /** Code was replaced while visitors waited. */
  readonly isGated: boolean;
}

/** Pages of single things that are looked at, at most: each costs the site a visit before and one after. */
const MOST = 5;

/** Milliseconds after which nothing in the log is of a request that may have met half of what replaced it: it has whole seconds. */
const OVERTAKEN = 1000;

/** Milliseconds after which a page that seems broken is asked for again: a busy server, or one that restarts, fails once. */
const SECOND_LOOK = 1000;

/** Looks at the front page, the log-in page and those of the things that are to be written, by their ids in the plan. */
export async function lookAtLive(
  { access, info }: LiveSite,
  items: readonly string[],
  work: Pick<WorkContext, 'signal' | 'sleep'>,
): Promise<readonly SeenPage[]> {
  const things = items.flatMap((id) => {
    // A short link leads to whatever has that number; what is no post has no page there, before and after alike.
    const number = /^[a-z0-9_-]+:(\d+)$/.exec(id)?.[1];
    return number === undefined
      ? []
      : [{ name: id, url: new URL(`${access.url}/?p=${number}`), isLogin: false, isThing: true as const }];
  });
  return look({ access, info }, [...pagesOf({ access, info }), ...things.slice(0, MOST)], work);
}

const pagesOf = ({ access, info }: LiveSite): Page[] => [
  { name: 'the front page', url: new URL(`${access.url}/`), isLogin: false },
  { name: 'the log-in page', url: new URL(`${info.siteurl}/wp-login.php`), isLogin: true },
];

async function look(
  { access, info }: LiveSite,
  pages: readonly Page[],
  work: Pick<WorkContext, 'signal' | 'sleep'>,
): Promise<readonly SeenPage[]> {
  const sights = await lookAtPages(
    access,
    info,
    pages.map(({ url }) => url),
    work,
  );
  return pages.map((page, index) => ({ ...page, sight: sights[index] ?? { failed: 'it was not looked at' } }));
}

/**
 * Looks at the same pages once more: what broke one of them, at a second look too, is taken back (RESTORE_BROKE), any other difference is returned in
 * words.
 */
export async function verifyLive(
  { access, info, before, client, isGated }: WrittenSite,
  pipeline: Pipeline,
): Promise<string[]> {
  return pipeline.step('verify', async ({ work, signal }) => {
    if (isGated) await work.sleep(OVERTAKEN, signal);
    const compare = async () => {
      const after = await look({ access, info }, before, work);
      return before.map((page, index) => ({ page, was: page.sight, is: after[index]?.sight ?? page.sight }));
    };
    let pairs = await compare();
    if (pairs.some(({ was, is }) => broke(was, is))) {
      await work.sleep(SECOND_LOOK, signal);
      pairs = await compare();
    }
    const broken = pairs.filter(({ was, is }) => broke(was, is)).map(({ page }) => page.name);
    const site = printable(info.home);
    if (broken.length > 0) await takeBack(client, `broke ${broken.join(' and ')} of ${site}`, signal);
    const { fatal, warnings } = await loggedSince(client, work);
    if (fatal !== undefined) await takeBack(client, `ended a request of ${site} with a fatal error (${fatal})`, signal);
    const differences = [...pairs.flatMap(({ page, was, is }) => differenceOf(page, was, is) ?? []), ...warnings];
    const seen = counted(pairs.length, 'page');
    const message = differences.length === 0 ? `${seen} as before` : `${seen} seen, ${differences.length} different`;
    return { value: differences, message };
  });
}

/** Always throws: RESTORE_BROKE when all of it was taken back, else SOURCE_FAILED, after which it can still be undone. */
async function takeBack(client: WriteClient, did: string, signal: AbortSignal): Promise<never> {
  const broken = `What was written ${did}`;
  const { state } = await undoApplied(client, undefined, signal).catch((error: unknown) => {
    const why = toWpcloneError(error).message;
    throw new WpcloneError('SOURCE_FAILED', `${broken}, and it could not be taken back: ${why}`, { cause: error });
  });
  if (state !== 'undone') throw new WpcloneError('SOURCE_FAILED', `${broken}, and not all of it could be taken back.`);
  throw new WpcloneError('RESTORE_BROKE', `${broken}, so it was taken back.`);
}

/** Whether a page that was shown is an error now. One that could not be looked at, or that a wall answered for, says nothing. */
const broke = (was: Sight, is: Sight): boolean =>
  'status' in was && 'status' in is && !is.wall && !isBroken(was) && (isBroken(is) || isCut(was, is));

const isCut = (was: Look, is: Look): boolean =>
  is.status === 200 && was.whole === true && is.html && is.whole === false;

const isBroken = ({ status, fatal, empty, html }: Look): boolean =>
  status >= 500 || fatal === true || (status === 200 && html && empty);

function differenceOf({ name, isLogin, isThing }: Page, was: Sight, is: Sight): string | undefined {
  if (!('status' in was)) return undefined;
  // What is new was not there before, and is what was wanted.
  if (isThing && was.status === 404 && 'status' in is && is.status === 200) return undefined;
  const page = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  if (!('status' in is)) return `${page} could not be looked at afterwards: ${is.failed}.`;
  if (is.wall && !was.wall)
    return `${page} could not be looked at afterwards: something in front of the site answered.`;
  if (is.status !== was.status) return `${page} answered ${was.status} before and answers ${is.status} now.`;
  if (is.place !== was.place)
    return `${page} led to ${printable(was.place || '/')} and leads to ${printable(is.place || '/')} now.`;
  return isLogin && was.passwordField && !is.passwordField ? `${page} asks for no password any more.` : undefined;
}
