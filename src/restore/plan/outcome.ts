import { z } from 'zod';
import { isTaken } from './agreed.ts';
import type { Plan } from './schema.ts';

const namedSchema = z.object({ id: z.string(), title: z.string() });
const keptSchema = namedSchema.extend({ code: z.string(), message: z.string() });

/** What became of the things of a plan that was carried out, as people read it. Titles are the site's words. */
export const outcomeSchema = z.object({
  /** The live site did not have them. */
  added: z.array(namedSchema),
  /** They are as in the clone now; what the live site had is kept until the restore is accepted. */
  replaced: z.array(namedSchema),
  /** Deleted, or changed on the live site too and decided for the clone. */
  lost: z.array(namedSchema),
  /** As the live site has them, and why. */
  kept: z.array(keptSchema),
});
export type RestoreOutcome = z.infer<typeof outcomeSchema>;

export const NO_OUTCOME: RestoreOutcome = { added: [], replaced: [], lost: [], kept: [] };

/** Of a plan in which nothing is undecided. */
export function outcomeOf({ items, code, uploads, policy }: Plan): RestoreOutcome {
  const all = [...items, ...code, ...uploads.map((upload) => ({ ...upload, title: upload.place }))];
  const taken = all.filter(isTaken);
  const isLost = ({ id, change }: (typeof all)[number]): boolean =>
    change === 'deleted' || policy.decisions[id] === 'clone';
  const names = (things: typeof all) => things.map(({ id, title }) => ({ id, title }));
  return {
    added: names(taken.filter((thing) => !isLost(thing) && thing.change === 'new')),
    replaced: names(taken.filter((thing) => !isLost(thing) && thing.change === 'changed')),
    lost: names(taken.filter(isLost)),
    kept: all.flatMap(({ id, title, kept }) =>
      kept === undefined ? [] : [{ id, title, code: kept.code, message: kept.message }],
    ),
  };
}
