import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { CALLS } from '../../../instance/declared.ts';
import type { Look } from '../../../instance/types.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import type { ProvisionDeps } from '../provision/deps.ts';
import { getObject, mergeObject } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { sidecarOf } from '../sidecar/address.ts';
import { askInstance } from '../sidecar/client.ts';
import type { Unit } from '../unit/unit.ts';

/** In the Secret of the unit, which no clone can read. */
const KEY = 'golden';
/** Bytes; one is some ten thousand. */
const MOST = 4 * 1024 * 1024;

/**
 * Keeps what a unit looks like that nobody has had, to compare it with later; returns a digest for the pod. Undefined for a unit that cannot
 * be looked at in all its parts: it is never used twice.
 */
export async function rememberGolden(
  { cluster, insideCluster }: ProvisionDeps,
  unit: Unit,
  context: WorkContext,
): Promise<string | undefined> {
  try {
    const look = await askInstance(sidecarOf(cluster, unit, insideCluster, context), 'look', undefined, context.signal);
    const text = JSON.stringify(look);
    const packed = await promisify(gzip)(text);
    await mergeObject(cluster, 'secrets', unit.name, { data: { [KEY]: packed.toString('base64') } }, context);
    return digestOf(text);
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn('a unit will not be used again', { unit: unit.name, error: toWpcloneError(error).message });
    return undefined;
  }
}

/** Undefined when it is not the one that the pod's digest is of. */
export async function recallGolden(cluster: Cluster, unit: Unit, context: WorkContext): Promise<Look | undefined> {
  const secret = await getObject(cluster, 'secrets', unit.name, context);
  const packed = Buffer.from(secret?.data?.[KEY] ?? '', 'base64');
  const text = await promisify(gunzip)(packed, { maxOutputLength: MOST }).then(String, () => '');
  return digestOf(text) === unit.golden ? CALLS.look.answer.parse(JSON.parse(text)) : undefined;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
