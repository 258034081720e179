import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { ensureKeeper, runKeeper } from '../../src/runtime/local/keeper.ts';
import { endOrphans } from '../../src/runtime/local/orphans.ts';
import type { UnitRow } from '../../src/state/types.ts';
import { workContext } from '../support/work.ts';
import { describe, expect, test } from 'vitest';
import {
  CHILD,
  databasePid,
  eventually,
  isThere,
  makeReady,
  openTestHome,
  processes,
  serversOf,
  statusOf,
  type TestHome,
} from '../support/local-runtime.ts';
import { homeOfTest } from '../support/local-test.ts';

/** Asks the kernel: whoever tried to take the lock could have it at the very moment at which the keeper comes for it. */
function isKept({ layout }: TestHome): boolean {
  const file = statSync(join(layout.locks, 'keeper.lock'), { throwIfNoEntry: false });
  return file !== undefined && readFileSync('/proc/locks', 'utf8').includes(`:${file.ino} `);
}

/** A context for which the keeper's long waits are over at once; short ones and limits are real, since they are for others to end. */
function hurry(signal?: AbortSignal) {
  let skipped = 0;
  const context = workContext(signal);
  const hurried = {
    ...context,
    now: () => Date.now() + skipped,
    sleep: async (milliseconds: number, stop?: AbortSignal) => {
      stop?.throwIfAborted();
      if (milliseconds < 1_000 || stop !== context.signal)
        await delay(milliseconds, undefined, stop ? { signal: stop } : {});
      else skipped += milliseconds;
    },
  };
  return { hurried, skipped: () => skipped };
}

describe('the end', () => {
  test('is kept by the web server alone: no wpclone runs', async () => {
    const home = homeOfTest();
    const url = await makeReady(home, 'one');
    const { run } = home.paths('one');
    const endAt = (time: number): void => writeFileSync(join(run, 'expires'), String(Math.floor(time / 1000)));
    endAt(Date.now() + 600_000);
    writeFileSync(
      join(run, 'settings.json'),
      '{"homePath":"","cloneUrl":"http://localhost","media":"copy","uploadsPath":"/u"}',
    );
    expect(await statusOf(`${url}/robots.txt`)).toBe(200);
    endAt(Date.now() + 2_000);
    await eventually(async () => (await statusOf(`${url}/robots.txt`)) === 410);
    expect(await statusOf(url)).toBe(410);
  });

  test('the keeper removes the clone, stops the database server when none is left, and ends', async () => {
    const home = homeOfTest();
    await makeReady(home, 'one', Date.now() + 500);
    const localHome = { layout: home.layout, state: home.state, path: process.env['PATH'] ?? '' };
    const { hurried, skipped } = hurry();
    const pid = databasePid(home);
    await runKeeper(localHome, hurried);
    expect(await home.state.units.list()).toEqual([]);
    expect(skipped()).toBeGreaterThanOrEqual(60_000);
    expect(isThere(pid)).toBe(false);
  });

  test('the keeper does not stop the database server under a clone that begins at that moment', async () => {
    const home = homeOfTest();
    await (await connectAsAdministrator(home.layout, home.context)).end();
    const pid = databasePid(home);
    const stop = new AbortController();
    const { hurried } = hurry(stop.signal);
    const unit = { name: 'one', clone: null } as UnitRow;
    // Whoever connects from here on has to wait: the last moment at which a clone can have begun.
    const list = async () => {
      if (existsSync(home.layout.database.socket)) return [];
      stop.abort();
      return [unit];
    };
    const state = { ...home.state, units: { ...home.state.units, list } };
    await expect(runKeeper({ layout: home.layout, state, path: '' }, hurried)).rejects.toThrow(/abort/i);
    await (await connectAsAdministrator(home.layout, home.context)).end();
    expect(databasePid(home)).toBe(pid);
  });

  test('one keeper per home is started, detached, and does its work', async () => {
    const home = homeOfTest();
    await makeReady(home, 'one', Date.now() + 800);
    const command = [process.execPath, CHILD, 'keeper', home.home] as const;
    ensureKeeper(home.layout, command);
    await eventually(() => isKept(home));
    ensureKeeper(home.layout, command);
    await eventually(async () => (await home.state.units.list()).length === 0);
    const keepers = processes(`keeper ${home.home}`);
    expect(keepers).toHaveLength(1);
    process.kill(keepers[0]?.pid ?? 0, 'SIGTERM');
    await eventually(() => !isKept(home));
  });

  test('comes at once when the home is deleted: the keeper ends what ran there, and itself', async () => {
    const lost = openTestHome();
    await makeReady(lost, 'one');
    ensureKeeper(lost.layout, [process.execPath, CHILD, 'keeper', lost.home]);
    const keepers = () => processes(`keeper ${lost.home}`);
    await eventually(() => isKept(lost));
    const database = databasePid(lost);
    expect(serversOf(lost)).not.toEqual([]);
    rmSync(lost.home, { recursive: true });
    await eventually(() => !isThere(database) && serversOf(lost).length === 0 && keepers().length === 0, 60_000);
    expect(existsSync(lost.home)).toBe(false);
    lost.state.close();
  });

  test('comes also when the deletion takes its time: the servers whose folders are still there are not forgotten', async () => {
    const lost = openTestHome();
    await makeReady(lost, 'one');
    const database = databasePid(lost);
    let slept = 0;
    const sleep = async (milliseconds: number) => {
      slept += 1;
      if (slept === 3) rmSync(lost.home, { recursive: true });
      await delay(milliseconds);
    };
    await endOrphans(lost.layout, { ...lost.context, sleep });
    expect(serversOf(lost)).toEqual([]);
    // A process that was ended is there until its parent has heard of it.
    await eventually(() => !isThere(database));
    lost.state.close();
  });

  test('does not come for a home that was made anew in the place of a deleted one', async () => {
    const lost = openTestHome();
    await makeReady(lost, 'one');
    ensureKeeper(lost.layout, [process.execPath, CHILD, 'keeper', lost.home]);
    await eventually(() => isKept(lost));
    const database = databasePid(lost);
    rmSync(lost.home, { recursive: true });
    const fresh = openTestHome({ home: lost.home });
    const url = await makeReady(fresh, 'two');
    await eventually(() => !isThere(database) && processes(`keeper ${lost.home}`).length === 0, 60_000);
    expect(isThere(databasePid(fresh))).toBe(true);
    expect(await statusOf(url)).toBe(503);
    lost.state.close();
    await fresh.close();
  });

  test('can be moved', async () => {
    const home = homeOfTest();
    await makeReady(home, 'one');
    const later = Date.now() + 3_600_000;
    expect(await home.runtime.extend('one', later, home.context)).toMatchObject({ expiresAt: later });
  });
});
