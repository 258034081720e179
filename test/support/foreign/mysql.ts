import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { databaseAnswers, databaseServer, type Mariadb } from '../mariadb.ts';
import { startServer, waitFor } from '../servers.ts';
import { freePort, makeTemp, run } from '../temp.ts';
import { foreignRoot, inRoot } from './root.ts';

/** Starts Oracle's MySQL, which of Debian's releases only sid has, on data of its own. Used as `mariadb` of a source. */
export async function startMysql(): Promise<Mariadb> {
  const root = await foreignRoot('sid', ['mysql-server']);
  const folder = makeTemp('mysql');
  chmodSync(folder, 0o755);
  const socket = join(folder, 'db.sock');
  const log = join(folder, 'db.log');
  const port = await freePort();
  const words = ['mysqld', '--no-defaults', '--user=root', `--datadir=${join(folder, 'data')}`];
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  await run(inRoot(root, [...words, '--initialize-insecure']));
  const launch = async () => {
    const server = startServer(
      inRoot(root, [...words, `--socket=${socket}`, `--port=${port}`, '--bind-address=127.0.0.1', '--mysqlx=OFF']),
      { log },
    );
    await waitFor('MySQL', () => databaseAnswers(socket), log);
    return server;
  };
  return databaseServer({ folder, port, socket, launch });
}
