import { withTimeout } from '../../../shared/abortable.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { sameHost } from '../../own-urls.ts';
import { bareUrl, parseAddress } from '../address.ts';
import { type Arrived, arrive } from '../arrive.ts';
import { recogniseSite } from '../recognise/recognise.ts';
import type { Site } from '../recognise/site.ts';
import type { ConnectDeps, Connection, ConnectRequest } from '../types.ts';
import type { Session } from '../visit/session.ts';
import { type Admin, logOut } from './admin.ts';
import { type Credentials, logInOverHttp } from './over-http.ts';
import { logInWithBrowser } from './with-browser.ts';

export type LoginWay = Exclude<Connection['way'], 'known-key'>;

/** Seconds that logging out may take. */
const LOG_OUT_SECONDS = 10;

/**
 * Runs `work` in the administration of the site: logged in before, logged out after, whatever happens. Where the work went well and
 * `deps.leaving` is there, the log-out goes on beside what follows.
 */
export async function withAdmin<T>(
  request: ConnectRequest,
  deps: ConnectDeps,
  work: (admin: Admin, way: LoginWay) => Promise<T>,
  { session, front }: Arrived = arrive(request, deps),
): Promise<T> {
  const ends: (() => unknown)[] = [() => session.close()];
  const end = async (): Promise<void> => {
    for (const each of ends.splice(0).toReversed()) await each();
  };
  try {
    const site = await recogniseSite(parseAddress(request.url), session, request.mayBeClone, front);
    const credentials = await credentialsOf(request, site);
    const unlock = await deps.lockLogin?.(site.home);
    if (unlock) ends.push(unlock);
    const { admin, way } = await logIn(site, credentials, session, request, deps);
    ends.push(() => leave(admin, deps));
    const result = await work(admin, way);
    deps.leaving?.(end());
    return result;
  } finally {
    await end();
  }
}

/** Its own time ends it, not our signal: who is cancelled is logged out too. */
async function leave(admin: Admin, deps: ConnectDeps): Promise<void> {
  const late = new Error('The site takes too long.');
  const out = (signal: AbortSignal) => logOut({ ...admin, session: admin.session.with({ signal }) });
  await withTimeout(LOG_OUT_SECONDS * 1000, deps, late, out).catch(() => undefined);
}

async function logIn(
  site: Site,
  credentials: Credentials,
  session: Session,
  request: ConnectRequest,
  deps: ConnectDeps,
): Promise<{ admin: Admin; way: LoginWay }> {
  const entered = await logInOverHttp(site, credentials, session);
  if (entered !== undefined) {
    // Where the password is not enough, giving it once more is none of the ways in.
    const logInAgain = entered.wantsMore ? undefined : again(site, credentials, session, deps);
    return { admin: { base: entered.base, session, shown: [site.front, entered.formPage], logInAgain }, way: 'http' };
  }
  deps.progress?.({}, 'the log-in page needs a browser');
  const { insecureTls, httpAuth } = request;
  const admin = await logInWithBrowser(site, credentials, { session, insecureTls, httpAuth }, deps);
  return { admin, way: 'browser' };
}

/** Milliseconds that a second log-in waits at most: whoever logged in in the same moment may do so again. */
const PARTED = 1_000;

const again =
  (site: Site, credentials: Credentials, session: Session, { sleep, signal, randomBytes }: ConnectDeps) =>
  async (): Promise<boolean> => {
    await sleep((PARTED * randomBytes(1).readUInt8()) / 256, signal);
    return (await logInOverHttp(site, credentials, session)) !== undefined;
  };

/** Name and password are asked for only now that the site is known to be there and to be WordPress. Throws BAD_INPUT, PASSWORD_MISSING. */
async function credentialsOf(request: ConnectRequest, site: Site): Promise<Credentials> {
  const username = request.username ?? (await request.askUsername?.());
  if (username === undefined) {
    throw new WpcloneError('BAD_INPUT', 'wpclone has to log in to the site: name an administrator with --username.');
  }
  if (!request.password) throw new WpcloneError('PASSWORD_MISSING', `No password was given for ${username}.`);
  const loginUrl = loginUrlOf(request, site);
  return { username, password: await request.password(), loginUrl };
}

/** A person may name another port of the host; that a site says so is not enough: somebody else's program may listen there. */
function loginUrlOf(request: ConnectRequest, site: Site): URL | undefined {
  if (request.loginUrl === undefined) return undefined;
  const url = URL.parse(request.loginUrl, `${bareUrl(site.home)}/`);
  if (!url || !sameHost(url, site.home)) {
    throw new WpcloneError('BAD_URL', 'The log-in page must be on the host of the site.');
  }
  return url;
}
