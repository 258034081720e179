import { z } from 'zod';
import { wireErrorSchema } from '../../shared/wire-error.ts';
import type { JsonObject } from '../jobs/types.ts';

/**
 * What the next attempt of a job must know when its agent died, or stopped, in the middle of this one. Written before each step that
 * it speaks of.
 */
const checkpointSchema = z.object({
  /** The clone's, chosen by the first attempt: by it the others find what that one has made. */
  name: z.string().optional(),
  /** The process of the attempt. It may live on when the agent is dead, and takes back what it did. */
  worker: z.object({ pid: z.number(), startedAt: z.string() }).optional(),
  /** In which name it takes instances that are gone on with without its process (outlives.ts). */
  lease: z.string().optional(),
  /** An instance was taken under the name: from then on a ready clone of that name is this job's. */
  provisioned: z.boolean().optional(),
  /** Why the attempt was about to fail, for good: it is not tried again because the agent died meanwhile. */
  failing: wireErrorSchema.optional(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/** Of a job that was never begun: nothing. */
export const readCheckpoint = (value: JsonObject | null): Checkpoint => checkpointSchema.parse(value ?? {});

/** As the store keeps it. */
export const storedCheckpoint = (checkpoint: Checkpoint): JsonObject => {
  const plain: JsonObject = JSON.parse(JSON.stringify(checkpoint));
  return plain;
};
