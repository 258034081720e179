import { clearOrigin, readOrigin, writeOrigin } from './folder.ts';
import { broughtSchema, type Brought } from './schema.ts';

/** How many parts are remembered, of the latest restores. Of older ones a person is asked where both sides seem to have changed them. */
const MOST = 100_000;

/** What restores of a clone brought; nothing where there was none. */
export async function readBrought(baseline: string): Promise<Omit<Brought, 'version'>> {
  return (await readOrigin(baseline, 'brought.json', broughtSchema)) ?? { parts: [], files: {} };
}

/** Adds what one more restore brought. What earlier ones did stays: that is what the live site has again when the last one is undone. */
export async function addBrought(baseline: string, brought: Omit<Brought, 'version'>): Promise<void> {
  const before = await readBrought(baseline);
  const parts = new Map([...before.parts, ...brought.parts].map((part) => [keyOf(part), part]));
  const files = { ...before.files };
  for (const [place, left] of Object.entries(brought.files))
    files[place] = [...new Set([...(files[place] ?? []), ...left])];
  await writeOrigin(baseline, 'brought.json', { version: 1, parts: [...parts.values()].slice(-MOST), files });
}

/** A clone that is as it was made has brought nothing: else it would seem to take all of it back. */
export const forgetBrought = (baseline: string): Promise<void> => clearOrigin(baseline, ['brought.json']);

const keyOf = ({ table, part, left }: Brought['parts'][number]): string => `${table} ${part} ${left}`;
