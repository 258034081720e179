import { z } from 'zod';
import { readDatabaseOrigin } from './database.ts';
import { readOrigin, writeOrigin } from './folder.ts';

const idsFileSchema = z.object({ version: z.literal(1), next: z.record(z.string(), z.string().regex(/^\d+$/)) });

/**
 * Keeps how far the clone's tables have counted before a reset takes them away, and returns where those go on that have given IDs:
 * above all that were ever given here. `now` is the counter of each table. One that is below where it began was lost (a plugin emptied the
 * table): what was given since the last reset is not known, and a whole gap is left for it.
 */
export async function keepGivenIds(baseline: string, now: ReadonlyMap<string, bigint>): Promise<Map<string, bigint>> {
  const origin = await readDatabaseOrigin(baseline);
  const kept = (await readOrigin(baseline, 'ids.json', idsFileSchema))?.next ?? {};
  const next = new Map<string, bigint>();
  for (const { name, ids } of origin?.tables ?? []) {
    if (ids?.from == null) continue;
    const from = BigInt(ids.from);
    const known = BigInt(kept[name] ?? ids.from);
    // Not there when a reset was killed: what it had counted to is kept already.
    const count = now.get(name) ?? known;
    const given = count >= from ? count : known + from - BigInt(ids.next);
    const higher = given > known ? given : known;
    if (higher > from) next.set(name, higher);
  }
  const texts = Object.fromEntries([...next].map(([name, id]) => [name, String(id)]));
  await writeOrigin(baseline, 'ids.json', { version: 1, next: texts });
  return next;
}
