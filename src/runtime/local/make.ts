import { prepareInstance } from '../../instance/settings.ts';
import type { WorkContext } from '../../shared/context.ts';
import { packageVersion } from '../../shared/package-root.ts';
import { removeTree } from '../../shared/remove-tree.ts';
import type { NewClone, UnitRow } from '../../state/types.ts';
import { createDatabase } from './databases.ts';
import { earlierPort } from './earlier.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
import { leaseLost, ownerOf } from './lease.ts';
import { choosePhp } from './php.ts';
import { newUnitName } from '../unit-states.ts';
import { FIRST_PORT, isFree, LAST_PORT } from './ports.ts';
import { makeInstancesFolder } from './spread.ts';
import { startWebServer } from './web-server.ts';

/** What a unit is made with. */
export interface UnitSpec {
  /** The clone whose name is taken with it; absent: made ahead, for nobody yet. */
  readonly clone?: NewClone;
  /** The nearest PHP is chosen where there is a choice. */
  readonly phpVersion?: Promise<string | undefined> | undefined;
  /** No other PHP than this. */
  readonly php?: string | undefined;
}

/**
 * Makes everything a unit needs, under a lease of this job; the row comes first, so that whatever follows can be found and
 * removed. `begun` hears of it. The unit is CREATING. Throws NAME_TAKEN, PORTS_EXHAUSTED, PHP_MISSING, PHP_VERSION_MISSING,
 * MARIADB_MISSING.
 */
export async function makeUnit(
  home: LocalHome,
  spec: UnitSpec,
  context: WorkContext,
  begun: (unit: UnitRow) => void,
): Promise<UnitRow> {
  const avoid = new Set<number>();
  const row = {
    name: newUnitName(context),
    state: 'CREATING',
    revision: await packageVersion(),
    databasePassword: context.randomBytes(24).toString('base64url'),
    epoch: 1,
    lease: await ownerOf(context),
  } as const;
  const wanted = spec.clone && (await earlierPort(home, spec.clone.sourceUrl));
  const ports = { first: FIRST_PORT, last: LAST_PORT, avoid, ...(wanted === undefined ? {} : { wanted }) };
  const first = await home.state.units.create(row, spec.clone, ports);
  begun(first);
  let unit = (await isFree(first.port)) ? first : await moved(home, first, avoid);
  const paths = instancePaths(home.layout, unit.name);
  const startServer = async (): Promise<string> => {
    const [chosen] = await allEnded([
      choosePhp(spec.phpVersion, home.path, spec.php),
      makeInstancesFolder(home.layout.instances, home.path)
        .then(() => removeTree(paths.folder))
        .then(() => prepareInstance(paths)),
    ]);
    context.signal.throwIfAborted();
    while ((await startWebServer(paths, chosen.program, unit.port, context)) === undefined)
      unit = await moved(home, unit, avoid);
    return chosen.version;
  };
  const [, phpVersion] = await allEnded([
    createDatabase(home.layout, unit.name, unit.databasePassword, context),
    startServer(),
  ]);
  context.signal.throwIfAborted();
  return changed(unit, await home.state.units.change(unit, { phpVersion }));
}

/** All of them have come to an end before the first failure is thrown: what is undone next must not be made meanwhile. */
async function allEnded<T extends readonly unknown[] | []>(
  parts: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}

/** To a port that no other program holds. */
async function moved(home: LocalHome, unit: UnitRow, avoid: Set<number>): Promise<UnitRow> {
  avoid.add(unit.port);
  const range = { first: FIRST_PORT, last: LAST_PORT, avoid };
  const next = changed(unit, await home.state.units.move(unit, range));
  return (await isFree(next.port)) ? next : moved(home, next, avoid);
}

function changed(unit: UnitRow, next: UnitRow | undefined): UnitRow {
  if (next === undefined) throw leaseLost(unit.clone?.id ?? unit.name);
  return next;
}
