import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So much may be held outside of V8's heap, used or not, before unused buffers are looked for. */
const HELD_BYTES = 12 * 1024 * 1024;
/** So much passes between two looks: what a look finds is given back a little later. */
const LOOK_BYTES = 2 * 1024 * 1024;

type Collect = (options: { type: 'minor' | 'major' }) => void;

let collect: Collect | undefined;
let sinceLook = 0;
let next: 'minor' | 'major' = 'minor';

/**
 * Says that content has passed through. Buffers lie outside of V8's heap, which looks for unused ones only when another 64 MiB of
 * them have come together; asking for it earlier keeps a transfer's memory small. The young ones are looked through first, which
 * takes about a millisecond; all of them when that did not help.
 */
export function passedThrough(bytes: number): void {
  sinceLook += bytes;
  if (sinceLook < LOOK_BYTES) return;
  sinceLook = 0;
  const type = held() < HELD_BYTES ? undefined : next;
  next = type === 'minor' ? 'major' : 'minor';
  if (type === undefined) return;
  collect ??= findCollector();
  collect({ type });
}

const held = (): number => getHeapStatistics().external_memory;

/** V8 gives its collector to contexts that are made while the flag is set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found: Collect = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return found;
}
