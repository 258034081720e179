import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So much may be held outside of V8's heap, used or not, before unused buffers are looked for. */
const HELD_BYTES = 24 * 1024 * 1024;
/** So much passes between two looks, at least: what a look found is given back a little later, and much may be in use. */
const LOOK_BYTES = 4 * 1024 * 1024;

type Collect = (options: { type: 'major' }) => void;

let collect: Collect | undefined;
let sinceLook = 0;

/**
 * Says that content has passed through. Buffers lie outside of V8's heap, which looks for unused ones only when another 64 MiB of
 * them have come together; asking for it earlier keeps a transfer's memory small.
 */
export function passedThrough(bytes: number): void {
  sinceLook += bytes;
  if (sinceLook < LOOK_BYTES || held() < HELD_BYTES) return;
  sinceLook = 0;
  collect ??= findCollector();
  collect({ type: 'major' });
}

const held = (): number => getHeapStatistics().external_memory;

/** V8 gives its collector to contexts that are made while the flag is set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found: Collect = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return found;
}
