import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { assignmentSchema } from '../instance/schemas.ts';
import type { Assignment } from '../instance/types.ts';
import { createMutex } from '../shared/mutex.ts';
import { writeWhole } from '../shared/whole-file.ts';
import { WpcloneError } from '../shared/errors.ts';
import { codeOf } from '../shared/system.ts';
import type { WebContainer } from './web.ts';

/** Whose this instance is. */
export interface Assignments {
  /** Throws CLUSTER_CONFLICT when this epoch, or a later one, belongs to another clone. */
  assign(assignment: Assignment, epoch: number): Promise<void>;
}

const keptSchema = z.object({ epoch: z.number(), assignment: assignmentSchema });
type Kept = z.infer<typeof keptSchema>;

/** `file` must outlive the container (an emptyDir does). */
export async function openAssignments(file: string, web: Pick<WebContainer, 'listen'>): Promise<Assignments> {
  let kept = await readKept(file);
  const alone = createMutex();

  async function assign(assignment: Assignment, epoch: number): Promise<void> {
    if (kept !== undefined && (epoch < kept.epoch || (epoch === kept.epoch && !isSame(kept.assignment, assignment)))) {
      const message = `The instance was given to ${kept.assignment.cloneId} in epoch ${kept.epoch}.`;
      throw new WpcloneError('CLUSTER_CONFLICT', message);
    }
    // Also when it was said before: what came after it may have failed.
    await web.listen(ownPort(assignment));
    const next: Kept = { epoch, assignment };
    await writeWhole(file, JSON.stringify(next));
    kept = next;
  }

  return { assign: (assignment, epoch) => alone(() => assign(assignment, epoch)) };
}

const isSame = (one: Assignment, other: Assignment): boolean => one.cloneId === other.cloneId && one.url === other.url;

/** An address of people's own machines is made true inside the pod too, since WordPress calls itself. */
function ownPort({ url }: Assignment): number | undefined {
  const { hostname, port } = new URL(url);
  return hostname === '127.0.0.1' && port !== '' ? Number(port) : undefined;
}

async function readKept(file: string): Promise<Kept | undefined> {
  try {
    return keptSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
