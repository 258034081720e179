import { readFile } from 'node:fs/promises';
import { WpcloneError } from '../shared/errors.ts';
import { codeOf } from '../shared/system.ts';
import { writeWhole } from '../shared/whole-file.ts';

/** Fencing: whoever acts for an older claim than one already seen is refused, also after a restart of this container. */
export interface Epochs {
  /** Throws CLUSTER_CONFLICT when `epoch` is lower than the highest seen. */
  admit(epoch: number): Promise<void>;
  current(): number;
}

/** `file` must outlive the container (an emptyDir does). */
export async function openEpochs(file: string): Promise<Epochs> {
  let highest = await readEpoch(file);
  let writing: Promise<void> = Promise.resolve();
  const save = async (earlier: Promise<void>, epoch: number): Promise<void> => {
    await earlier;
    await writeWhole(file, String(epoch));
  };
  return {
    async admit(epoch) {
      if (epoch < highest) {
        throw new WpcloneError('CLUSTER_CONFLICT', 'The instance has been claimed by somebody else since.');
      }
      if (epoch === highest) return writing;
      highest = epoch;
      writing = save(writing, epoch);
      return writing;
    },
    current: () => highest,
  };
}

async function readEpoch(file: string): Promise<number> {
  try {
    return Number(await readFile(file, 'utf8')) || 0;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
