import * as fs from 'node:fs';
import { diskPath } from '../../shared/file-names.ts';
import { factsOf } from '../baseline/facts.ts';

/** What the file at its new place is to be. */
interface Wanted {
  /** As it was written; see `factsOf`. */
  readonly facts: string;
  /** Permission bits, all of them. */
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

/**
 * Moves a file that is as it was written to a place where nothing is yet, in a folder that is there. Returns the facts that it has then;
 * undefined when it is another by now, or cannot be moved: then nothing was done, and whoever wants it has to write it.
 */
export function moveLeft(from: string, to: string, { facts, mode, mtime }: Wanted): string | undefined {
  const [source, target] = [diskPath(from), diskPath(to)];
  try {
    const before = fs.lstatSync(source, { bigint: true });
    if (!before.isFile() || factsOf(before) !== facts) return undefined;
    if ((before.mode & 0o777n) !== BigInt(mode) || before.mtimeNs !== BigInt(mtime) * 1_000_000_000n) return undefined;
    // A rename would replace what is there, which a site can list twice.
    fs.linkSync(source, target);
  } catch {
    return undefined;
  }
  // Both change the time of the file's last change, so that it is looked at last. It must not be found under its old name any more.
  const moved = remove(source) ? fs.lstatSync(target, { bigint: true, throwIfNoEntry: false }) : undefined;
  if (moved?.isFile() === true && contentOf(factsOf(moved)) === contentOf(facts)) return factsOf(moved);
  remove(target);
  return undefined;
}

/** What cannot be removed stays: of a target it is said when the file is written there. */
function remove(path: string | Buffer): boolean {
  try {
    fs.unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Of the facts those that a new name does not change: all but the last. */
const contentOf = (facts: string): string => facts.slice(0, facts.lastIndexOf(' '));
