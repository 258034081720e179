import { WpcloneError } from '../../shared/errors.ts';
import type { SourceAccess } from '../access.ts';
import type { ConnectDeps, Connection, ConnectRequest, KnownKey } from './types.ts';

/**
 * Gets a site to answer signed requests: with the key of an earlier run, else by logging in, over plain HTTP or with a browser,
 * and installing the plugin. What fails after the site was changed is undone.
 * Throws the errors of "reaching the source" and "logging in and the plugin" in src/shared/error-codes.ts, and MULTISITE.
 */
export async function connectSource(request: ConnectRequest, deps: ConnectDeps): Promise<Connection> {
  const known = await tryKnownKey(request, deps);
  if (known) return known;
  // What a log-in takes is only loaded when there is one, and most of it while the site makes its front page.
  const { arrive } = await import('./arrive.ts');
  const arrived = arrive(request, deps);
  const { connectByLogin } = await import('./by-login.ts');
  return connectByLogin(request, deps, arrived);
}

/**
 * Takes the plugin, its keys and its files off a site: by a signed request when the key still holds, else by logging in.
 * Resolves to false when the plugin was not there.
 */
export async function disconnectSource(request: ConnectRequest, deps: ConnectDeps): Promise<boolean> {
  if (request.known) {
    try {
      await deps.openClient(knownAccess(request.known, request)).disconnect(deps.signal);
      return true;
    } catch (error) {
      const gone = error instanceof WpcloneError && error.code === 'MIGRATOR_MISSING';
      if (gone && !canLogIn(request)) return false;
      if (!keyIsDead(error) || !canLogIn(request)) throw error;
    }
  }
  const { disconnectByLogin } = await import('./by-login.ts');
  return disconnectByLogin(request, deps);
}

async function tryKnownKey(request: ConnectRequest, deps: ConnectDeps): Promise<Connection | undefined> {
  if (!request.known) return undefined;
  const access = knownAccess(request.known, request);
  try {
    const info = await deps.openClient(access, canLogIn(request)).info(deps.signal);
    return { access, info, way: 'known-key', installedNow: false };
  } catch (error) {
    if (!keyIsDead(error)) throw error;
    deps.log.debug('the key of an earlier run is no longer good', { url: access.url });
    return undefined;
  }
}

const knownAccess = (known: KnownKey, { insecureTls, httpAuth }: ConnectRequest): SourceAccess => ({
  url: known.url,
  endpoint: known.endpoint,
  keyId: known.keyId,
  secret: known.secret,
  insecureTls,
  ...(known.userAgent === undefined ? {} : { userAgent: known.userAgent }),
  ...(known.cookies === undefined ? {} : { cookies: known.cookies }),
  ...(httpAuth === undefined ? {} : { httpAuth }),
});

/**
 * The site forgot the key, or the plugin took itself off; a page that came instead of the plugin's answer may look like a firewall's.
 */
const keyIsDead = (error: unknown): boolean =>
  error instanceof WpcloneError && ['SIGNATURE_REFUSED', 'MIGRATOR_MISSING', 'SOURCE_BLOCKED'].includes(error.code);

const canLogIn = (request: ConnectRequest): boolean => request.username !== undefined && request.password !== undefined;
