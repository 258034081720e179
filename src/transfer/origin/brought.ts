import { z } from 'zod';
import { clearOrigin, readOrigin, writeOrigin } from './folder.ts';
import { broughtSchema, type Brought } from './schema.ts';

/** How many parts are remembered, of the latest restores. Of older ones a person is asked where both sides seem to have changed them. */
const MOST = 100_000;

type Notes = Omit<Brought, 'version'> & { readonly isDamaged?: boolean };

/** Of a clone that brought nothing yet. */
export const NOTHING_BROUGHT: Notes = { parts: [], files: {}, plugins: {} };

/**
 * What restores of a clone brought; nothing where there was none. Nothing, too, where the notes are damaged, which `isDamaged` tells: they
 * only spare people questions.
 */
export async function readBrought(baseline: string): Promise<Notes> {
  try {
    return (await readOrigin(baseline, 'brought.json', broughtSchema)) ?? NOTHING_BROUGHT;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return { ...NOTHING_BROUGHT, isDamaged: true };
    throw error;
  }
}

/**
 * Adds what one more restore is about to bring. What earlier ones did stays: that is what the live site has again when the last one is
 * undone. What is noted and was not brought after all says nothing, since the live site has not got it.
 */
export async function addBrought(baseline: string, brought: Omit<Brought, 'version'>): Promise<void> {
  const before = await readBrought(baseline);
  const parts = new Map([...before.parts, ...brought.parts].map((part) => [keyOf(part), part]));
  const files = { ...before.files };
  for (const [place, left] of Object.entries(brought.files))
    files[place] = [...new Set([...(files[place] ?? []), ...left])];
  const plugins = { ...before.plugins };
  for (const [file, switched] of Object.entries(brought.plugins))
    plugins[file] = [...new Set([...(plugins[file] ?? []), ...switched])];
  await writeOrigin(baseline, 'brought.json', { version: 1, parts: [...parts.values()].slice(-MOST), files, plugins });
}

/** A clone that is as it was made has brought nothing: else it would seem to take all of it back. */
export const forgetBrought = (baseline: string): Promise<void> => clearOrigin(baseline, ['brought.json']);

const keyOf = ({ table, part, left }: Brought['parts'][number]): string => `${table} ${part} ${left}`;
