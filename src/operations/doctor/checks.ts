import { constants, mkdtemp, rmdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { localLayout } from '../../runtime/local/layout.ts';
import { storesSize, STORES_LIMIT } from '../../runtime/local/stores.ts';
import { findProgram } from '../../runtime/local/programs.ts';
import { findChromium } from '../../site/connect/browser/chromium.ts';
import { parseJson } from '../../shared/json.ts';
import { isAccessible } from '../../shared/system.ts';
import { bytes } from '../../shared/format.ts';
import { checkAgent } from './agent.ts';
import type { Check, Machine } from './machine.ts';

/** What a WordPress needs to run as the source's did (make.wordpress.org/hosting, "Server Environment"). */
const EXTENSIONS = ['mysqli', 'curl', 'dom', 'exif', 'fileinfo', 'gd', 'json', 'mbstring', 'openssl', 'xml', 'zip'];
const LEAST_FREE = 1e9;
/** Milliseconds for a program to say what it is. */
const ANSWER_LIMIT = 10_000;
const DEBIAN_WORDPRESS = '/usr/share/wordpress/wp-load.php';

/** Looks at what is needed to clone; `demo` looks at what the demonstration needs instead (no browser, a WordPress). */
export async function examine(machine: Machine, purpose: 'clone' | 'demo'): Promise<readonly Check[]> {
  return Promise.all([
    checkNode(),
    checkMariadb(machine),
    checkPhp(machine),
    purpose === 'demo' ? checkWordpress() : checkChromium(machine),
    checkHome(machine),
    checkDisk(machine),
    checkSources(machine),
    checkUser(),
    checkAgent(machine),
  ]);
}

/** What a program prints; nothing when it does not run, or does not end. */
async function outputOf(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const options = { reject: false, cancelSignal: signal, timeout: ANSWER_LIMIT, stdin: 'ignore' } as const;
  const { stdout } = await execa(program, args, options);
  signal.throwIfAborted();
  return stdout;
}

async function checkNode(): Promise<Check> {
  return { name: 'node', ok: true, required: true, detail: `Node.js ${process.versions.node}` };
}

async function checkMariadb({ environment, signal }: Machine): Promise<Check> {
  const path = environment['PATH'] ?? '';
  const names = ['mariadbd', 'mariadb-install-db', 'my_print_defaults'];
  const found = await Promise.all(names.map((name) => findProgram(name, path)));
  const missing = names.filter((_, index) => found[index] === undefined);
  const [server] = found;
  if (missing.length > 0 || server === undefined) {
    return { name: 'mariadb', ok: false, required: true, detail: `missing: ${missing.join(', ')}` };
  }
  const said = await outputOf(server, ['--no-defaults', '--version'], signal);
  const version = /Ver (\S+)/.exec(said)?.[1];
  return { name: 'mariadb', ok: version !== undefined, required: true, detail: version ?? `${server} does not run` };
}

const phpSchema = z.object({ version: z.string(), extensions: z.array(z.string()) });

const badPhp = (detail: string): Check => ({ name: 'php', ok: false, required: true, detail });

async function checkPhp({ environment, signal }: Machine): Promise<Check> {
  const php = await findProgram('php', environment['PATH'] ?? '');
  if (php === undefined) return badPhp('missing: php');
  const code =
    'echo json_encode(["version" => PHP_VERSION, "extensions" => array_map("strtolower", get_loaded_extensions())]);';
  const said = await outputOf(php, ['-d', 'display_errors=0', '-r', code], signal);
  const answer = phpSchema.safeParse(parseJson(said));
  if (!answer.success) return badPhp(`${php} does not run`);
  const { version, extensions } = answer.data;
  const missing = EXTENSIONS.filter((name) => !extensions.includes(name));
  if (missing.length > 0) return badPhp(`PHP ${version} without: ${missing.join(', ')}`);
  if (Number.parseFloat(version) < 7.4) return badPhp(`PHP ${version} is too old; wpclone needs at least 7.4`);
  return { name: 'php', ok: true, required: true, detail: `PHP ${version} with all extensions` };
}

async function checkChromium({ environment }: Machine): Promise<Check> {
  const found = await findChromium(environment);
  const detail = found ?? 'missing; only needed for sources whose log-in page is not a plain form';
  return { name: 'chromium', ok: found !== undefined, required: false, detail };
}

async function checkWordpress(): Promise<Check> {
  const ok = await isAccessible(DEBIAN_WORDPRESS, constants.R_OK);
  return {
    name: 'wordpress',
    ok,
    required: true,
    detail: ok ? dirname(DEBIAN_WORDPRESS) : 'missing: the wordpress package',
  };
}

async function checkHome({ home }: Machine): Promise<Check> {
  const ok = await canWriteIn(await existing(home));
  return {
    name: 'home',
    ok,
    required: true,
    detail: ok ? home : `${home} cannot be written; WPCLONE_HOME chooses another`,
  };
}

async function checkDisk({ home }: Machine): Promise<Check> {
  const { bavail, bsize } = await statfs(await existing(home));
  const free = bavail * bsize;
  return { name: 'disk', ok: free >= LEAST_FREE, required: true, detail: `${bytes(free)} free for ${home}` };
}

/** What stays on the disk when every clone is gone, for the next ones. */
async function checkSources({ home, sourcesLimit = STORES_LIMIT }: Machine): Promise<Check> {
  const size = await storesSize(localLayout(home));
  const detail = `${bytes(size)} kept of sources for their next clones, of at most ${bytes(sourcesLimit)}`;
  return { name: 'sources', ok: size <= sourcesLimit, required: false, detail };
}

async function checkUser(): Promise<Check> {
  const root = process.getuid?.() === 0;
  const detail = root
    ? "root: the clones' PHP code runs with all rights; an ordinary user is safer"
    : 'an ordinary user';
  return { name: 'user', ok: !root, required: false, detail };
}

/** By doing it: what root may do by its rights, a file system can still refuse. */
async function canWriteIn(folder: string): Promise<boolean> {
  try {
    await rmdir(await mkdtemp(join(folder, '.wpclone-')));
    return true;
  } catch {
    return false;
  }
}

async function existing(folder: string): Promise<string> {
  return dirname(folder) === folder || (await isAccessible(folder)) ? folder : existing(dirname(folder));
}
