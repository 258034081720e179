import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instancePaths, localLayout, type LocalLayout } from '../../src/runtime/local/layout.ts';
import { connectAsAdministrator, stopServer } from '../../src/runtime/local/database-server.ts';
import { removeUnit } from '../../src/runtime/local/remove.ts';
import { createLocalRuntime } from '../../src/runtime/local/runtime.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import type { Instance, ProvisionLease } from '../../src/runtime/leases.ts';
import type { InstancePaths } from '../../src/instance/types.ts';
import type { WorkContext } from '../../src/shared/context.ts';
import { openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/types.ts';
import Sqlite from 'better-sqlite3';
import { request } from 'undici';
import { makeTemp } from './temp.ts';
import { workContext } from './work.ts';

export interface TestHome {
  readonly home: string;
  readonly layout: LocalLayout;
  readonly state: State;
  readonly runtime: Runtime;
  readonly context: WorkContext;
  /** The name of the unit that holds a clone; the clone's own when none does. */
  unit(id: string): string;
  /** Of the unit that holds a clone. */
  paths(id: string): InstancePaths;
  /** Changes a unit, whoever has it, or the clone in it. */
  alter(id: string, changes: Parameters<State['units']['change']>[1]): Promise<void>;
  /** Removes every clone, stops the database server and forgets the home. */
  close(): Promise<void>;
}

/** A WPCLONE_HOME of its own with a local runtime on it. The keeper is not started unless a test asks for it. */
export function openTestHome(options: { readonly below?: string; readonly home?: string } = {}): TestHome {
  const home = options.home ?? join(makeTemp('home'), options.below ?? '.');
  mkdirSync(home, { recursive: true });
  const context = workContext();
  const state = openState(home, context);
  const layout = localLayout(home);
  const runtime = createLocalRuntime({ home, state, keeper: ['true'], path: process.env['PATH'] ?? '' });
  // A connection of its own, so that a test can look without waiting.
  const look = new Sqlite(join(home, 'state.db'), { readonly: true });
  const unit = (id: string): string =>
    look.prepare<[string], string>('SELECT unit FROM clones WHERE id = ?').pluck().get(id) ?? id;
  return {
    home,
    layout,
    state,
    runtime,
    context,
    unit,
    paths: (id) => instancePaths(layout, unit(id)),
    alter: async (id, changes) => {
      const seen = await state.units.holding(id);
      if (seen === undefined || (await state.units.change(seen, changes)) === undefined) throw new Error(`no ${id}`);
    },
    close: async () => {
      const localHome = { layout, state, path: '' };
      for (const { name } of await state.units.list()) await removeUnit(localHome, name, context);
      await stopServer(layout, context);
      look.close();
      state.close();
    },
  };
}

export const leaseOf = (home: TestHome, id: string, signal?: AbortSignal): Promise<ProvisionLease> =>
  home.runtime.provision(
    { id, sourceUrl: 'https://www.a.example', expiresAt: Date.now() + 600_000 },
    signal ? { ...home.context, signal } : home.context,
  );

export const provision = async (home: TestHome, id: string, signal?: AbortSignal): Promise<Instance> =>
  (await leaseOf(home, id, signal)).instance;

/** An instance that counts as a clone although nothing was copied into it. Returns its URL. */
export async function makeReady(home: TestHome, id: string, expiresAt = Date.now() + 600_000): Promise<string> {
  const lease = await leaseOf(home, id);
  const { url } = lease.instance;
  const source = { url: 'https://www.a.example', wordpressVersion: '6.1.9', phpVersion: '8.2' };
  const record = { url, source, expiresAt, adminUsername: 'me', adminPassword: 'pass', findings: [] };
  await lease.commit(record, home.context);
  return url;
}

export async function statusOf(url: string): Promise<number> {
  const { statusCode, body } = await request(url);
  await body.dump();
  return statusCode;
}

/** Everything of instances that is anywhere: folders, rows, databases, accounts, processes; by their clones where they hold any. */
export async function remains(home: TestHome): Promise<Record<string, unknown>> {
  const connection = await connectAsAdministrator(home.layout, home.context);
  const [databases] = await connection.query(`SHOW DATABASES LIKE 'wpclone%'`);
  const [accounts] = await connection.query(`SELECT User FROM mysql.user WHERE User LIKE 'wpclone%'`);
  await connection.end();
  const units = await home.state.units.list();
  const clones = new Map(units.map(({ name, clone }) => [name, clone?.id ?? name]));
  return {
    rows: [...clones.values()],
    folders: (existsSync(home.layout.instances) ? readdirSync(home.layout.instances) : []).map(
      (name) => clones.get(name) ?? name,
    ),
    databases,
    accounts,
    servers: serversOf(home),
  };
}

export const NOTHING = { rows: [], folders: [], databases: [], accounts: [], servers: [] };

/** Command lines of the web servers of this home's clones. */
export const serversOf = (home: TestHome): string[] =>
  processes(home.layout.instances)
    .map(({ command }) => command)
    .filter((command) => command.includes(' -S '));

/** The processes whose command line holds a text. */
export const processes = (text: string): { pid: number; command: string }[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }))
    .filter(({ command }) => command.includes(text));

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

export const databasePid = (home: TestHome): number => Number(readFileSync(home.layout.database.pidFile, 'utf8'));

export const isThere = (pid: number): boolean => existsSync(`/proc/${pid}/cwd`);

export async function eventually(check: () => boolean | Promise<boolean>, limit = 20_000): Promise<void> {
  const end = Date.now() + limit;
  while (!(await check())) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Kills another wpclone and waits until it is gone. */
export async function killChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** The next line that another wpclone writes. */
export const lineOf = async (child: ChildProcess): Promise<string> =>
  String((await once(child.stdout ?? child, 'data'))[0]).trim();

export const CHILD = join(import.meta.dirname, 'local-child.ts');
