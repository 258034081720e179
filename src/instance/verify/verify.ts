import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { lookAt } from '../../site/looks.ts';
import { placesOf } from '../places.ts';
import type { InstanceSite, VerifyResult, VerifyTask } from '../types.ts';
import { isGood } from './compare.ts';
import { byPassword, enter } from './entry.ts';
import { whatLooksAtHost } from './host-bound.ts';
import {
  judgeDatabase,
  judgeEntry,
  judgeFiles,
  judgeFront,
  judgeLanguages,
  judgeLinks,
  judgeLoginPage,
  type Sighting,
  together,
} from './judge.ts';
import { withNextStep } from './next-steps.ts';
import { lookAtFiles, type PageFiles } from './page-files.ts';
import { phpLogSize, whatDatabaseSaid, whatPhpSaid } from './php-errors.ts';
import { openVisitors, type Visitor } from './visitor.ts';

export interface VerifyDependencies extends Pick<WorkContext, 'randomBytes' | 'sleep'> {
  /** Where the instance's web server is reached from here, such as http://127.0.0.1:8101; the Host header is the clone's. */
  readonly base: string;
}

/**
 * Looks at the clone as people would, and compares it with what the source itself did. Whatever differs is a finding: the copy
 * is there. Throws VERIFY_FAILED only when nothing at all answers.
 */
export async function verifyInstance(
  site: InstanceSite,
  task: VerifyTask,
  dependencies: VerifyDependencies,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const { base, sleep, randomBytes } = dependencies;
  const visitors = openVisitors(base, task.cloneUrl, { sleep, signal });
  const see = async (visitor: Visitor, url: URL): Promise<Sighting> => {
    try {
      return await lookAt(url, (each) => visitor.get(each));
    } catch (error) {
      signal.throwIfAborted();
      return { failed: toWpcloneError(error).message };
    }
  };
  const home = new URL(`${task.cloneUrl}/`);
  const reader = visitors.newcomer();
  const logged = await phpLogSize(site.paths);
  try {
    const door = { site, task, visitors, randomBytes, signal };
    const seeing = see(visitors.newcomer(), home);
    let [front, login, entry, files] = await Promise.all([
      seeing,
      see(reader, loginPageOf(task)),
      enter(door),
      seeing.then((page) => filesOf(page, visitors.newcomer(), task)),
    ]);
    if ('failed' in front) {
      // A process of PHP's own server may have taken in their requests too, and never came to them.
      if ('failed' in login) login = await see(reader, loginPageOf(task));
      if (entry.visitor === undefined) entry = await enter(door);
    }
    const said = await whatPhpSaid(site.paths, logged);
    if ('failed' in front && 'failed' in login && entry.visitor === undefined) throw nothingAnswers(front.failed, said);
    const hidden = !('failed' in front) && !isGood(front.look);
    const inside = hidden && entry.inside && entry.visitor ? await see(entry.visitor, home) : undefined;
    const password = 'failed' in login ? undefined : await byPassword(reader, login, task).catch(() => undefined);
    const lost = !entry.inside && entry.visitor !== undefined && said === '';
    const refused = task.info.database.flavor === 'mysql' ? await whatDatabaseSaid(site.paths, logged) : '';
    const why = lost ? await whatLooksAtHost(site, task.info) : said;
    signal.throwIfAborted();
    const judged = together(
      judgeFront(front, task.looks.front, inside, broken(front) ? said : ''),
      judgeLinks(hidden ? inside : front, task.info),
      judgeLanguages(hidden ? inside : front),
      judgeFiles(files, [task.info.home, task.info.siteurl]),
      judgeDatabase(task.info, refused),
      judgeLoginPage(login, task.looks.login, broken(login) ? said : ''),
      judgeEntry(entry, password, task, why),
    );
    return await withNextStep(judged, site, task.info);
  } finally {
    await visitors.close();
  }
}

/** PHP's log explains a page that fails or is empty, and none that does what it should. */
const broken = (page: Sighting): boolean =>
  'failed' in page ||
  page.look.status >= 500 ||
  page.look.empty ||
  page.look.fatal === true ||
  page.look.whole === false;

const NO_FILES: PageFiles = { asked: 0, missing: [], copies: [] };

/** Uploads that did not come along would be fetched from the source. */
async function filesOf(front: Sighting, visitor: Visitor, { info, media }: VerifyTask): Promise<PageFiles> {
  if ('failed' in front || !isGood(front.look)) return NO_FILES;
  const later = media === 'copy' ? undefined : `/${placesOf(info).uploads}/`;
  return lookAtFiles(front, (url) => visitor.get(url), later).catch(() => NO_FILES);
}

function loginPageOf({ cloneUrl, info }: VerifyTask): URL {
  const core = new URL(info.siteurl).pathname.replace(/\/+$/, '');
  return new URL(`${new URL(cloneUrl).origin}${core}/wp-login.php`);
}

const nothingAnswers = (why: string, said: string): WpcloneError =>
  new WpcloneError('VERIFY_FAILED', `The clone does not answer: ${why}.${said}`, { details: { check: 'answer' } });
