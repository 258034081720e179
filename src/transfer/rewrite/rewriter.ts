import { createFinder } from './finder.ts';
import { createOutput } from './output.ts';
import { applyPatches } from './patch.ts';
import type { Patch } from './patch.ts';
import { escapeField, fieldsOf, unescapeField, windows } from './rows.ts';
import type { Field } from './rows.ts';
import { fixLengths } from './serialized.ts';
import type { Place } from './serialized.ts';
import { holdsLengths } from './tokens.ts';
import type { Rewriter, UrlMapping } from './types.ts';

/**
 * Makes a rewriter for one clone. Base64 and compressed content is not looked into. Throws a TypeError when an address of
 * the mapping is not an absolute http(s) URL.
 */
export function createRewriter(mapping: UrlMapping): Rewriter {
  const find = createFinder(mapping);
  const backslashPaths = mapping.paths.some(({ from }) => !from.startsWith('/'));
  const counts = { replaced: 0, broken: 0 };

  const fixed = (text: string, place: Place, patches: readonly Patch[]): readonly Patch[] | undefined => {
    const held = holdsLengths(text, place.start, place.end);
    const result = held ? fixLengths(text, place, patches) : { patches, broken: false };
    if (result === undefined) return undefined;
    counts.replaced += patches.length;
    if (result.broken) counts.broken++;
    return result.patches;
  };

  const rewriteText = (text: string): string | undefined => {
    const found = find(text);
    const patches = found.length > 0 ? fixed(text, { start: 0, end: text.length, inRow: false }, found) : undefined;
    return patches && applyPatches(text, patches);
  };

  /**
   * A match in a field is the same match in the escaped field, because a run of backslashes counts as one sign and an
   * escaped line break ends a name as the line break does. What that is not true of is unescaped first.
   */
  const fieldPatches = (text: string, { start, end, patches }: Field): readonly Patch[] => {
    const raw = text.slice(start, end);
    const inRow = raw.includes('\\');
    const direct = inRow && backslashPaths ? undefined : fixed(text, { start, end, inRow }, patches);
    if (direct !== undefined) return direct;
    const value = rewriteText(unescapeField(raw));
    return value === undefined ? [] : [{ start, end, text: escapeField(value) }];
  };

  const rewriteRows = (text: string, skip: ReadonlySet<number>): string | undefined => {
    const found = find(text);
    if (found.length === 0) return undefined;
    const patches = fieldsOf(text, found, skip).flatMap((field) => fieldPatches(text, field));
    return patches.length === 0 ? undefined : applyPatches(text, patches);
  };

  return {
    counts,
    mapping,
    value(value) {
      const text = rewriteText(value.toString('latin1'));
      return text === undefined ? value : Buffer.from(text, 'latin1');
    },
    rows(block, skip) {
      const output = createOutput(block);
      for (const { start, end } of windows(block)) {
        const text = rewriteRows(block.toString('latin1', start, end), skip);
        if (text !== undefined) output.replace(start, end, text);
      }
      return output.finish();
    },
  };
}
