import { join } from 'node:path';
import { shortHash, socketFolder } from '../../shared/private-folder.ts';
import { siteKey } from '../../shared/site-address.ts';
import type { InstancePaths } from '../../instance/types.ts';

/** Where the local runtime keeps things under WPCLONE_HOME. */
export interface LocalLayout {
  readonly home: string;
  /** One folder per unit. (0.1.0 called it so, and named the folders after the clones.) */
  readonly instances: string;
  /** Files kept between clones of the same source. */
  readonly stores: string;
  readonly locks: string;
  readonly database: DatabaseLayout;
}

/** Where the files of wpclone's own MariaDB server are. */
export interface DatabaseLayout {
  readonly folder: string;
  readonly data: string;
  /** Tables of clones as files, a folder for each database. */
  readonly tables: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly log: string;
  readonly temporary: string;
  /** The administrator's name and password, as the option file of a client. */
  readonly administrator: string;
}

const SOCKET = 'server.sock';

/** `home` is WPCLONE_HOME. Nothing is created. */
export function localLayout(home: string): LocalLayout {
  const database = join(home, 'mariadb');
  return {
    home,
    instances: join(home, 'clones'),
    stores: join(home, 'sources'),
    locks: join(home, 'locks'),
    database: {
      folder: database,
      data: join(database, 'data'),
      tables: join(database, 'tables'),
      socket: join(socketFolder(database, SOCKET, home), SOCKET),
      pidFile: join(database, 'server.pid'),
      log: join(database, 'server.log'),
      temporary: join(database, 'tmp'),
      administrator: join(database, 'administrator.cnf'),
    },
  };
}

/** Where the folders of one instance are. */
export function instancePaths(layout: LocalLayout, unit: string): InstancePaths {
  const folder = join(layout.instances, unit);
  return {
    folder,
    www: join(folder, 'www'),
    mail: join(folder, 'mail'),
    baseline: join(folder, 'baseline'),
    run: join(folder, 'run'),
  };
}

/** The store of a source: by its address without what may change between two clones of it (scheme, www, final slashes). */
export function storePath(layout: LocalLayout, sourceUrl: string): string {
  const url = new URL(/^https?:/i.test(sourceUrl) ? sourceUrl : `http://${sourceUrl}`);
  return join(layout.stores, shortHash(siteKey(url)));
}
