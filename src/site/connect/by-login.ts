import { openInstaller, removePlugin } from './admin.ts';
import { installPlugin, undoInstall } from './install.ts';
import { withAdmin } from './login.ts';
import { firstAnswering, pair } from './pair.ts';
import type { ConnectDeps, Connection, ConnectRequest } from './types.ts';

/** Logs in, installs the plugin where it is missing and gets a key; undoes the installation when that fails. */
export function connectByLogin(request: ConnectRequest, deps: ConnectDeps): Promise<Connection> {
  return withAdmin(request, deps, async (admin, way) => {
    const installer = await openInstaller(admin);
    let installedNow = false;
    try {
      // An upload that is cut off goes on at the site: only one that has come to its end can be undone.
      const steady = { ...admin, session: admin.session.with({ steady: true }) };
      const point = await installPlugin(steady, installer, () => (installedNow = true));
      deps.signal.throwIfAborted();
      const pairing = await pair(admin, point);
      const { access, info } = await firstAnswering(pairing, { insecureTls: request.insecureTls }, deps);
      return { access, info, way, installedNow };
    } catch (error) {
      if (installedNow) await undoInstall(admin, deps);
      throw error;
    }
  });
}

/** Takes the plugin off through the administration; false when it was not there. */
export const disconnectByLogin = (request: ConnectRequest, deps: ConnectDeps): Promise<boolean> =>
  withAdmin(request, deps, (admin) => removePlugin(admin));
