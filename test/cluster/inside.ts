import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { processesOf, type TestNamespace } from './support.ts';

/**
 * Runs a shell script in a container, from the node, as the user that its processes run as: what a clone's own code could do. It has ended
 * when nobody holds its output any more: what is to stay must have none.
 */
export async function inside(
  namespace: TestNamespace,
  pod: string,
  container: string,
  script: string,
): Promise<string> {
  const [pid] = await processesOf(namespace, pod, container);
  const namespaces = ['--target', `${pid}`, '--mount', '--pid', '--ipc', '--net', '--uts'];
  const user = ['--setuid', '1000', '--setgid', '1000'];
  const { stdout } = await promisify(execFile)('nsenter', [...namespaces, ...user, '--', 'bash', '-c', script], {
    timeout: 60_000,
  });
  return stdout;
}

/** A client in the database's container, as the administrator; no clone can read what it is told there. */
export const ADMINISTRATOR =
  'mariadb --no-defaults --host=127.0.0.1 --user=node --password="$(</var/lib/mysql/administrator)"';

/** Statements as the administrator of the pod's database. */
export const inDatabase = (namespace: TestNamespace, pod: string, statements: string): Promise<string> =>
  inside(namespace, pod, 'database', `${ADMINISTRATOR} -e "${statements}"`);

/** Ends the processes of this machine whose command line holds the word, which a test has chosen. */
export function endProcesses(word: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}
