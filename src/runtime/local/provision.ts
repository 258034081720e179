import { rm } from 'node:fs/promises';
import { prepareInstance } from '../../instance/settings.ts';
import type { WorkContext } from '../../shared/context.ts';
import type { LocalInstanceRow } from '../../state/types.ts';
import type { ProvisionRequest } from '../types.ts';
import { createDatabase } from './databases.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
import { withLock } from './lock.ts';
import { ownerOf } from './lease.ts';
import { choosePhp } from './php.ts';
import { FIRST_PORT, isFree, LAST_PORT } from './ports.ts';
import { startWebServer } from './web-server.ts';

/** Held while leftovers are looked for and removed; milliseconds to wait for it. */
export const SWEEP_LOCK = 'sweep';
export const SWEEP_LIMIT = 120_000;

export interface MadeInstance {
  readonly row: LocalInstanceRow;
  /** The PHP that serves it, such as `8.2`. */
  readonly php: string;
}

/** Makes everything an instance needs. The row comes first, so that whatever follows can be found and removed. */
export async function provisionInstance(
  home: LocalHome,
  request: ProvisionRequest,
  context: WorkContext,
): Promise<MadeInstance> {
  const { id } = request;
  const paths = instancePaths(home.layout, id);
  const password = context.randomBytes(24).toString('base64url');
  const avoid = new Set<number>();
  let row = await takePort(home, request, password, avoid, context);
  const parts = await Promise.allSettled([
    choosePhp(request.phpVersion, home.path, request.php),
    createDatabase(home.layout, id, password, context),
    rm(paths.home, { recursive: true, force: true }).then(() => prepareInstance(paths)),
  ]);
  // All have come to an end before the first failure is thrown: what is undone next must not be made meanwhile.
  const [chosen, ...others] = parts;
  for (const part of others) if (part.status === 'rejected') throw part.reason;
  if (chosen.status === 'rejected') throw chosen.reason;
  context.signal.throwIfAborted();
  while ((await startWebServer(paths, chosen.value.program, row.port, context)) === undefined) {
    avoid.add(row.port);
    // For a moment the folder is there without its row: no sweep may see that.
    row = await withLock(home.layout.locks, SWEEP_LOCK, SWEEP_LIMIT, context, () => {
      home.state.instances.remove(id);
      return takePort(home, request, password, avoid, context);
    });
  }
  return { row, php: chosen.value.version };
}

/** Takes name and port in the state, then makes sure that no other program holds the port. Throws NAME_TAKEN, PORTS_EXHAUSTED. */
async function takePort(
  { state }: LocalHome,
  request: ProvisionRequest,
  databasePassword: string,
  avoid: Set<number>,
  context: WorkContext,
): Promise<LocalInstanceRow> {
  const owner = await ownerOf(context);
  for (;;) {
    const row = state.instances.create(
      {
        id: request.id,
        state: 'creating',
        sourceUrl: request.sourceUrl,
        wordpressVersion: null,
        phpVersion: null,
        adminUsername: null,
        adminPassword: null,
        databasePassword,
        owner,
        epoch: 1,
        createdAt: context.now(),
        expiresAt: request.expiresAt,
        findings: [],
      },
      { first: FIRST_PORT, last: LAST_PORT, avoid },
    );
    if (await isFree(row.port)) return row;
    avoid.add(row.port);
    state.instances.remove(request.id);
  }
}
