import { openOwn } from '../code/own-file.ts';
import type { PlannedFiles } from '../code/plan-files.ts';
import type { PlanPackage } from '../plan/schema.ts';

/** Bytes of code that are looked through for each package; what is named only behind them belongs to nobody known. */
const LOOKED_THROUGH = 32 << 20;
const LONGEST = 2 << 20;

/**
 * Which of the packages that the clone changed names a table or a setting in its code, by that name: it is what made it. One that
 * several name belongs to the one that is called like it, else to nobody.
 */
export async function packagesNaming(
  names: readonly string[],
  { code, relied }: Pick<PlannedFiles, 'code' | 'relied'>,
  www: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, PlanPackage>> {
  const naming = new Map<string, PlanPackage[]>(names.map((name) => [name, []]));
  for (const each of code) {
    if (!/^(plugin|theme|mu-plugin):/.test(each.id)) continue;
    const places = [...each.files, ...(relied.get(each.id) ?? [])].map(({ place }) => place);
    const text = await codeOf(places, www, signal);
    for (const [name, found] of naming) if (isNamed(name, text)) found.push(each);
  }
  return new Map(
    [...naming].flatMap(([name, found]) => {
      const own = found.length === 1 ? found[0] : found.find((each) => name.startsWith(slugOf(each)));
      return own === undefined ? [] : [[name, own] as const];
    }),
  );
}

const slugOf = ({ id }: PlanPackage): string => id.slice(id.indexOf(':') + 1).replaceAll('-', '_');

const isNamed = (name: string, text: string): boolean =>
  new RegExp(`(?<![A-Za-z0-9])${name.replaceAll(/[^\w]/g, String.raw`\$&`)}(?![A-Za-z0-9_])`).test(text);

async function codeOf(places: readonly string[], www: string, signal: AbortSignal): Promise<string> {
  const texts: string[] = [];
  let left = LOOKED_THROUGH;
  for (const place of places.filter((each) => each.endsWith('.php'))) {
    signal.throwIfAborted();
    const file = left > 0 ? await openOwn(www, place) : undefined;
    if (file === undefined) continue;
    try {
      const { size } = await file.stat();
      if (size > LONGEST) continue;
      texts.push((await file.readFile()).toString('latin1'));
      left -= size;
    } finally {
      await file.close();
    }
  }
  return texts.join('\n');
}
