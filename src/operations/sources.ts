import { siteKey } from '../shared/site-address.ts';
import { withTimeout } from '../shared/abortable.ts';
import type { ReportingContext, WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { SourcePort } from '../engine/clone.ts';
import type { WritePort } from '../engine/written.ts';
import { reportingAs } from '../engine/pipeline.ts';
import type { SourceAccess } from '../site/access.ts';
import type { ConnectDeps } from '../site/connect/types.ts';
import type { KnownSource, State } from '../state/types.ts';
import { lockLogin } from './login-lock.ts';
import type { OperationSettings } from './settings.ts';
import type { Credentials, DisconnectReport, SourceLogin } from './types.ts';

type Login = SourceLogin & Credentials;

/** What of this machine's settings reaching a source needs. */
type SourceSettings = Pick<OperationSettings, 'home' | 'environment' | 'reach'>;

/** How long a site is taken to have our plugin, in milliseconds: an unused migrator removes itself after an hour. */
const MEMORY = 60 * 60 * 1000;

/** Connects to the source of `login`, remembering keys in `state` between runs. */
export function createSourcePort(
  login: Login & { readonly url: string; readonly isCopy?: boolean },
  settings: SourceSettings,
  state: State,
): SourcePort {
  return {
    async connect(context, leaving) {
      const { connectSource } = await import('../site/connect/connect.ts');
      const remembered = login.mustLogIn === true ? undefined : await findKnown(login.url, state, context);
      const known = remembered !== undefined && bares(login.url, remembered) ? undefined : remembered;
      const deps = { ...(await connectDeps(settings, context)), leaving };
      const httpAuth = await login.httpAuth?.();
      const connection = await connectSource({ ...login, httpAuth, known, mayBeClone: login.isCopy }, deps);
      await remember(connection.access, state, context);
      const access = { ...connection.access, reach: settings.reach };
      return { ...connection, access, username: login.username };
    },

    async look({ access, info, seen }, context) {
      const { lookAtSource } = await import('../site/look-at-source.ts');
      return lookAtSource(access, info, context, seen);
    },

    async disconnect(source, context) {
      await disconnect(source.access, settings, state, context);
    },
  };
}

/** Logs in to a live site to write to it, for one restore; also keeps the key for reading that comes with it. */
export function createWritePort(
  login: Login & { readonly url: string; readonly isCopy?: boolean },
  settings: SourceSettings,
  state: State,
): WritePort {
  return {
    async connect(wanted, context) {
      const { connectToWrite } = await import('../site/connect/by-login.ts');
      const deps = await connectDeps(settings, context);
      const httpAuth = await login.httpAuth?.();
      const connection = await connectToWrite({ ...login, httpAuth, mayBeClone: login.isCopy }, wanted, deps);
      await remember(connection.access, state, context);
      return { ...connection, access: { ...connection.access, reach: settings.reach } };
    },
  };
}

/** Takes the plugin off a site: with the known key, else by logging in. */
export async function disconnectSite(
  url: string,
  login: Login,
  settings: SourceSettings,
  state: State,
  context: WorkContext,
): Promise<DisconnectReport> {
  const known = await findKnown(url, state, context);
  if (known === undefined && login.username === undefined) {
    await forget(url, state);
    return { url, removed: false };
  }
  const { disconnectSource } = await import('../site/connect/connect.ts');
  const removed = await disconnectSource(
    { ...login, httpAuth: await login.httpAuth?.(), url, known },
    await connectDeps(settings, reportingAs('connect', context)),
  );
  await forget(url, state);
  return { url: known?.url ?? url, removed };
}

/** Milliseconds that taking the plugin off may last when a person waits for the end of a clone that failed. */
const FAREWELL_LIMIT = 20_000;

/** For a clone that failed: what it installed goes again, with the key it was given. */
async function disconnect(
  access: SourceAccess,
  settings: SourceSettings,
  state: State,
  context: WorkContext,
): Promise<void> {
  try {
    const deps = await connectDeps(settings, context);
    const late = new WpcloneError('CANCELLED', 'The site takes too long.');
    await withTimeout(FAREWELL_LIMIT, context, late, (limited) =>
      deps.openClient(access).disconnect(AbortSignal.any([context.signal, limited])),
    );
    await state.sources.remove(access.url);
  } catch (error) {
    const message = `The plugin could not be removed from ${access.url}; it removes itself an hour after its last use.`;
    context.emit({ type: 'warning', code: 'DISCONNECT_FAILED', message });
    throw error;
  }
}

async function connectDeps(
  { home, environment, reach }: SourceSettings,
  context: ReportingContext,
): Promise<ConnectDeps> {
  const { createSiteClient } = await import('../site/client.ts');
  const { now, sleep, randomBytes, retry = () => undefined } = context;
  return {
    ...context,
    environment,
    reach,
    lockLogin: (site) => lockLogin(home, site, context),
    openClient: (access, hasty = false) =>
      createSiteClient({ ...access, reach }, { now, sleep, randomBytes, retry, hasty }),
  };
}

function remember(access: SourceAccess, state: State, context: WorkContext): Promise<void> {
  return state.sources.save({ ...access, lastUsedAt: context.now() });
}

async function findKnown(typed: string, state: State, context: WorkContext): Promise<KnownSource | undefined> {
  const sites = await sitesOf(typed);
  const sources = await state.sources.list();
  return sources.find(
    (source) => sites.has(siteKey(new URL(source.url))) && context.now() - source.lastUsedAt < MEMORY,
  );
}

/** Whether it would be read in the clear by whoever says https, because an earlier clone of it was. */
const bares = (typed: string, { endpoint }: KnownSource): boolean =>
  /^\s*https:/i.test(typed) && new URL(endpoint).protocol === 'http:';

async function forget(typed: string, state: State): Promise<void> {
  const sites = await sitesOf(typed);
  for (const source of await state.sources.list()) {
    if (sites.has(siteKey(new URL(source.url)))) await state.sources.remove(source.url);
  }
}

async function sitesOf(typed: string): Promise<ReadonlySet<string>> {
  const { parseAddress } = await import('../site/connect/address.ts');
  return new Set(parseAddress(typed).map(siteKey));
}
