import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { transition } from '../unit/cas.ts';
import { listUnits, unitOf } from '../unit/find.ts';
import { FACTS } from '../unit/names.ts';
import { isForwarded } from '../unit/port-forward.ts';
import type { Unit } from '../unit/unit.ts';
import type { ProvisionDeps } from './deps.ts';

/** How often another port is chosen because a second clone chose the same one at the same moment. */
const PORT_ATTEMPTS = 5;

/** An address that `wpclone open` will make true, and that none of these units has: it is part of the clone's content. */
export function freeOrigin(
  { ports: { first, last } }: ProvisionDeps['options'],
  units: readonly Unit[],
  { randomBytes }: Pick<WorkContext, 'randomBytes'>,
): string {
  const taken = portsOf(units);
  const span = last - first + 1;
  const start = randomBytes(4).readUInt32BE() % span;
  for (let step = 0; step < span; step += 1) {
    const port = String(first + ((start + step) % span));
    if (!taken.has(port)) return `http://127.0.0.1:${port}`;
  }
  throw new WpcloneError('PORTS_EXHAUSTED', `All ports from ${first} to ${last} belong to clones.`);
}

/**
 * Two that look for a port at the same moment may find the same one free. Whoever sees another with its port once its own unit
 * says so, takes another one; it may be that both do. Returns the unit as it is then. Throws CLUSTER_CONFLICT.
 */
export async function settlePort(
  { cluster, options }: ProvisionDeps,
  claimed: Unit,
  context: WorkContext,
): Promise<Unit> {
  let unit = claimed;
  for (let attempt = 1; ; attempt += 1) {
    const { facts } = unit;
    if (facts === undefined || !isForwarded(new URL(facts.url))) return unit;
    const others = (await listUnits(cluster, context)).filter(({ uid }) => uid !== unit.uid);
    const { port } = new URL(facts.url);
    if (!portsOf(others).has(port)) return unit;
    if (attempt === PORT_ATTEMPTS) {
      throw new WpcloneError('CLUSTER_CONFLICT', `Another clone was given port ${port} at the same moment, each time.`);
    }
    const moved = { ...facts, url: freeOrigin(options, others, context) };
    const change = { to: unit.state, annotations: { [FACTS]: JSON.stringify(moved) } };
    unit = unitOf(await transition(cluster, unit, change, context), unit.name);
  }
}

const portsOf = (units: readonly Unit[]): ReadonlySet<string> =>
  new Set(units.flatMap(({ facts }) => (facts === undefined ? [] : [new URL(facts.url).port])));
