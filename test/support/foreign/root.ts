import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../mariadb.ts';
import { run } from '../temp.ts';

/** Debian's releases, each with programs of another age. */
export type Suite = 'bullseye' | 'trixie' | 'sid';

/** The folder of a small Debian of that release with these packages; made once on this machine (a minute or two). */
export function foreignRoot(suite: Suite, packages: readonly string[]): Promise<string> {
  return cached(`debian-${suite}-${packages.join('-').replaceAll('/', '')}`, async (folder) => {
    const include = [...packages].join(',');
    await run(['debootstrap', '--variant=minbase', `--include=${include}`, suite, folder]);
    // The same folders are there under the same names: what the tests make lies in the machine's temporary folder.
    mkdirSync(join(folder, tmpdir()), { recursive: true });
    writeFileSync(join(folder, 'etc/resolv.conf'), '');
  });
}

/**
 * A command as it runs inside the root, in a mount namespace of its own that ends with it: it sees this machine's temporary folder, its
 * network and its processes.
 */
export function inRoot(root: string, command: readonly string[]): string[] {
  const script = [
    'mount --make-rprivate /',
    `mount --rbind ${tmpdir()} "$1${tmpdir()}"`,
    'mount -t proc proc "$1/proc"',
    'mount --rbind /dev "$1/dev"',
    'root=$1; shift; exec chroot "$root" "$@"',
  ].join(' && ');
  return ['unshare', '--mount', '--', 'sh', '-c', script, 'sh', root, ...command];
}

/** Why foreign roots cannot be made on this machine; undefined when they can. */
export async function whyNoRoots(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'a root user is needed for chroot';
  const missing = await Promise.all(
    ['debootstrap', 'unshare', 'chroot'].map((name) =>
      run(['which', name]).then(
        () => [],
        () => [name],
      ),
    ),
  );
  const names = missing.flat();
  return names.length === 0 ? undefined : `programs are missing: ${names.join(', ')}`;
}
