import { z } from 'zod';
import { databaseDown, inMaintenance } from '../../answers.ts';
import { ownUrl } from '../../own-urls.ts';
import { jsonIn } from '../../json-in.ts';
import { isFromWordPress, lostDatabase } from '../../signs.ts';
import { bareUrl } from '../address.ts';
import { findLoginForm } from '../visit/login-form.ts';
import { type Page, parsePage, refusal } from '../visit/page.ts';
import type { Session } from '../visit/session.ts';
import type { Site } from './site.ts';

/** Folders below a site's address that people give WordPress. */
const CORE_FOLDERS = ['', 'wp', 'wordpress', 'core', 'cms'];

/**
 * What a site whose front page shows nothing of WordPress says elsewhere: its log-in page, and the list of its REST API, which
 * answers also where themes are broken. Undefined when there is none. Throws what keeps us from the log-in page.
 */
export async function factsElsewhere(asked: URL, front: Page, session: Session): Promise<Site | undefined> {
  const home = new URL(asked.pathname, front.url);
  const first = await session.get(under(home, 'wp-login.php'));
  if (isLogin(first)) return { home, core: coreOf(first) ?? home, front };
  // WordPress shuts everything for an update, the log-in page too (wp_maintenance).
  if (first.status === 503 && refusal(first) !== undefined) {
    throw inMaintenance(first.url.host, refusal(first), retryAfterOf(first));
  }
  // What refuses both is in front of all; more questions would only make it suspicious.
  if (isRefusal(front) && isRefusal(first) && !isFromWordPress(first)) return undefined;
  if (lostDatabase(first)) throw databaseDown(first.url.host);
  const said = await restFacts(home, session);
  if (said) return { ...said, front };
  for (const folder of CORE_FOLDERS.slice(1)) {
    const core = under(home, folder);
    const page = await session.get(under(core, 'wp-login.php'));
    if (isLogin(page)) return { home, core: coreOf(page) ?? core, front };
  }
  return undefined;
}

const isRefusal = ({ status }: Page): boolean => status === 401 || status === 403;

const under = (base: URL, path: string): URL => new URL(`${bareUrl(base)}/${path}`);

const isLogin = (page: Page): boolean => parsePage(page)('form[name=loginform], #loginform').length > 0;

/** Where the log-in form leads is where the core is. */
function coreOf(login: Page): URL | undefined {
  const { pathname, origin } = findLoginForm(login)?.action ?? login.url;
  return pathname.endsWith('/wp-login.php') ? new URL(`${origin}${pathname.replace(/wp-login\.php$/, '')}`) : undefined;
}

const restSchema = z.object({ home: z.string(), url: z.string(), namespaces: z.array(z.string()) });

async function restFacts(home: URL, session: Session): Promise<Pick<Site, 'home' | 'core'> | undefined> {
  for (const path of ['index.php?rest_route=/', 'wp-json/']) {
    const page = await session.get(under(home, path));
    const said = jsonIn(page.text, restSchema);
    const core = said && ownUrl(said.url, home);
    // A front end on another host has its WordPress here.
    if (core) return { home: ownUrl(said.home, home) ?? core, core };
  }
  return undefined;
}

function retryAfterOf(page: Page): number | undefined {
  const seconds = Number(page.headers['retry-after'] ?? '');
  return seconds > 0 ? seconds : undefined;
}
