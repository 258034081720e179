import { mkdir, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { withTimeout } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { writeWhole } from '../../shared/whole-file.ts';
import { connectAsAdministrator, stopServer } from '../../runtime/local/database-server.ts';
import { withLock } from '../../shared/lock.ts';
import { choosePhp } from '../../runtime/local/php.ts';
import { isAlive } from '../../shared/process.ts';
import { isFree } from '../../runtime/local/ports.ts';
import { demoLayout, type DemoLayout } from './layout.ts';
import { buildSite } from './site.ts';
import { answers, startWeb, stopWeb } from './web.ts';

/** Below the ports of clones. */
const FIRST_PORT = 8081;
const LAST_PORT = 8099;
const LOCK_LIMIT = 120_000;

const recordSchema = z.object({
  port: z.number(),
  username: z.string(),
  password: z.string(),
  server: z.object({ pid: z.number(), startedAt: z.string() }),
});
type Record = z.infer<typeof recordSchema>;

export interface DemoSource {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** The clones' address too: WordPress names its cookies after a site's whole address, so a browser keeps the log-ins apart. */
const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

const sourceOf = ({ port, username, password }: Record): DemoSource => ({ url: urlOf(port), username, password });

/**
 * A small real WordPress on this machine: the one that is there, started again if need be, or a new one. What could not be
 * finished is taken away. Throws DEMO_FAILED, MARIADB_MISSING, PHP_MISSING, PORTS_EXHAUSTED.
 */
export async function ensureDemoSource(
  home: string,
  context: WorkContext,
  say: (line: string) => void,
): Promise<DemoSource> {
  const layout = demoLayout(home);
  return withLock(layout.locks, 'demo', LOCK_LIMIT, context, async () => {
    const known = await readRecord(layout);
    if (known !== undefined && (await isComplete(known, layout, context))) return sourceOf(known);
    await clear(layout, context);
    say('Making a small WordPress site on this machine, to be the source …');
    try {
      return sourceOf(await build(layout, context));
    } catch (error) {
      // The signal of a cancelled command is spent; what it began must go all the same.
      const late = new WpcloneError('CANCELLED', 'Removing it took too long.');
      await withTimeout(LOCK_LIMIT, context, late, (signal) => clear(layout, { ...context, signal }));
      throw error;
    }
  });
}

/** The source of an earlier demonstration, running or not. */
export async function findDemoSource(home: string): Promise<DemoSource | undefined> {
  const record = await readRecord(demoLayout(home));
  return record && sourceOf(record);
}

/** Stops the demonstration's servers and removes its folder; idempotent. */
export async function removeDemoSource(home: string, context: WorkContext): Promise<void> {
  const layout = demoLayout(home);
  await withLock(layout.locks, 'demo', LOCK_LIMIT, context, () => clear(layout, context));
}

async function build(layout: DemoLayout, context: WorkContext): Promise<Record> {
  await mkdir(layout.folder, { recursive: true, mode: 0o700 });
  const { program } = await choosePhp(undefined, process.env['PATH'] ?? '');
  const port = await freePort();
  const administrator = { username: 'admin', password: context.randomBytes(12).toString('base64url') };
  await buildSite(layout, program, urlOf(port), administrator, context);
  const server = await startWeb(layout, program, port, context);
  const record: Record = { port, ...administrator, server };
  try {
    await writeRecord(layout, record);
    return record;
  } catch (error) {
    await stopWeb(server, context);
    throw error;
  }
}

/** Runs, or could be started again on its port: a WordPress knows its own address. */
async function isComplete(record: Record, layout: DemoLayout, context: WorkContext): Promise<boolean> {
  const administrator = await connectAsAdministrator(layout.servers, context);
  await administrator.end();
  // Another home's demonstration may have the port by now.
  if ((await isAlive(record.server)) && (await answers(record.port))) return true;
  await stopWeb(record.server, context);
  if (!(await isFree(record.port))) return false;
  const { program } = await choosePhp(undefined, process.env['PATH'] ?? '');
  await writeRecord(layout, { ...record, server: await startWeb(layout, program, record.port, context) });
  return true;
}

async function clear(layout: DemoLayout, context: WorkContext): Promise<void> {
  const record = await readRecord(layout);
  if (record !== undefined) await stopWeb(record.server, context);
  await stopServer(layout.servers, context);
  await rm(layout.folder, { recursive: true, force: true });
}

async function readRecord(layout: DemoLayout): Promise<Record | undefined> {
  const text = await readFile(layout.record, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : recordSchema.safeParse(parseJson(text)).data;
}

const writeRecord = (layout: DemoLayout, record: Record): Promise<void> =>
  writeWhole(layout.record, JSON.stringify(record), 0o600);

async function freePort(): Promise<number> {
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) if (await isFree(port)) return port;
  throw new WpcloneError('PORTS_EXHAUSTED', `All ports from ${FIRST_PORT} to ${LAST_PORT} are in use.`);
}
