import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes outside of V8's heap, in use or not, from which on unused buffers are looked for. */
const HELD_BYTES = 12 * 1024 * 1024;
/** Bytes of content that pass before it is looked again, since what a look finds is only freed a little later. */
const LOOK_BYTES = 2 * 1024 * 1024;

type Collect = (options: { type: 'minor' | 'major' }) => void;

let collect: Collect | undefined;
let sinceLook = 0;
let next: 'minor' | 'major' = 'minor';

/**
 * To be told of all content that passes through. Buffers lie outside of V8's heap, and V8 looks for unused ones only when another
 * 64 MiB of them have piled up; asking it earlier keeps a transfer's memory small. First only the young generation is looked
 * through, which takes about a millisecond, then everything when that did not help.
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

/** V8 puts its garbage collector, as `gc`, into contexts that are made while this flag is set. */
function findCollector(): Collect {
  setFlagsFromString('--expose-gc');
  const found: Collect = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return found;
}
