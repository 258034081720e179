import type { CookieJar } from 'tough-cookie';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { USER_AGENT } from '../access.ts';
import { seenPages } from '../looks.ts';
import type { Arrived } from './arrive.ts';
import type { Admin } from './login/admin.ts';
import { withAdmin } from './login/login.ts';
import { isLoginCookie } from './login/over-http.ts';
import { findPoint, installPlugin, undoInstall } from './plugin/install.ts';
import { openInstaller } from './plugin/installer.ts';
import { firstAnswering, pair, type Pairing } from './plugin/pair.ts';
import { removePlugin } from './plugin/remove.ts';
import { switchedOff } from './plugin/switched-off.ts';
import { packPlugin } from './plugin/zip.ts';
import { restoreKey, type RestoreKey, type WantedKey } from './plugin/restore-key.ts';
import type { ConnectDeps, Connection, ConnectRequest } from './types.ts';

/** Logs in, installs the plugin where it is missing and gets a key; undoes the installation when that fails. */
export function connectByLogin(request: ConnectRequest, deps: ConnectDeps, arrived: Arrived): Promise<Connection> {
  return withAdmin(request, deps, (admin, way) => installAndPair(admin, way, request, deps), arrived);
}

/** As `connectByLogin`, and with a key to write to the site for one restore. Throws RESTORE_IMPOSSIBLE, RESTORE_UNDER_WAY too. */
export function connectToWrite(
  request: ConnectRequest,
  wanted: WantedKey,
  deps: ConnectDeps,
): Promise<Connection & RestoreKey> {
  return withAdmin(request, deps, async (admin, way) => {
    const connection = await installAndPair(admin, way, request, deps);
    try {
      return { ...connection, ...(await restoreKey(admin, wanted, deps)) };
    } catch (error) {
      if (connection.installedNow) await undoInstall(admin, deps);
      throw error;
    }
  });
}

async function installAndPair(
  admin: Admin,
  way: Connection['way'],
  request: ConnectRequest,
  deps: ConnectDeps,
): Promise<Connection> {
  // While the site makes its page: hardly anybody logs in where the plugin is already.
  const [installer, plugin] = await Promise.all([openInstaller(admin), packPlugin()]);
  let installedNow = false;
  try {
    // An upload that is cut off goes on at the site: only one that has come to its end can be undone.
    const steady = { ...admin, session: admin.session.with({ steady: true }) };
    const point = await installPlugin(steady, installer, plugin, () => (installedNow = true));
    deps.signal.throwIfAborted();
    const pairing = await pair(admin, point);
    const { access, info } = await reach(admin, pairing, request, deps);
    return { access, info, way, installedNow, seen: seenPages(admin.shown) };
  } catch (error) {
    const why = await whyMissing(admin, error);
    if (installedNow) await undoInstall(admin, deps);
    throw why;
  }
}

/** What lets only plugins run that it knows may take ours off the list in the very request in which it gives its key. */
async function whyMissing(admin: Admin, error: unknown): Promise<unknown> {
  if (!(error instanceof WpcloneError) || error.code !== 'MIGRATOR_MISSING') return error;
  const runs = await findPoint(admin).catch(() => true);
  return runs ? error : switchedOff();
}

/** Finds where the plugin answers; where a wall guards every way, with what it gives a browser. */
async function reach(admin: Admin, pairing: Pairing, request: ConnectRequest, deps: ConnectDeps) {
  const { insecureTls } = request;
  const httpAuth = admin.session.httpAuth(admin.base);
  const home = new URL(`${pairing.url}/`);
  const waysWith = (cookies: string | undefined): Parameters<typeof firstAnswering>[1] => ({
    insecureTls,
    userAgent: USER_AGENT,
    ...(cookies === undefined ? {} : { cookies }),
    ...(httpAuth === undefined ? {} : { httpAuth }),
  });
  try {
    return await firstAnswering(pairing, waysWith(await admin.session.wallCookies(home)), deps, true);
  } catch (error) {
    if (!(error instanceof WpcloneError) || !ASKS_FOR_MORE.includes(error.code)) throw error;
    // Some want of each visitor the cookie that they gave him, and lead whoever comes without it in a circle.
    const cookies = await visitorCookies(admin.session.jar, home);
    const walled = error.code === 'SOURCE_BLOCKED' && (await admin.session.passWall(home));
    if (!walled && cookies === undefined) throw error;
    const given = walled ? await visitorCookies(admin.session.jar, home) : cookies;
    return firstAnswering(pairing, waysWith(given), deps, false).catch((second: unknown) => {
      throw walled ? second : error;
    });
  }
}

const ASKS_FOR_MORE: readonly ErrorCode[] = ['SOURCE_BLOCKED', 'MIGRATOR_MISSING'];

/** What the site gives every visitor; nothing of our log-in. */
async function visitorCookies(jar: CookieJar, home: URL): Promise<string | undefined> {
  const cookies = (await jar.getCookies(home.href)).filter(
    ({ key }) => !isLoginCookie(key) && !/^(?:wordpress_|wp-)/.test(key),
  );
  return cookies.length === 0 ? undefined : cookies.map((cookie) => cookie.cookieString()).join('; ');
}

/** Takes the plugin off through the administration; false when it was not there. */
export const disconnectByLogin = (request: ConnectRequest, deps: ConnectDeps): Promise<boolean> =>
  withAdmin(request, deps, (admin) => removePlugin(admin));
