/** Calls `hit` with start and end of each place in the text that is worth a closer look, from left to right. */
export type Search = (text: string, hit: (start: number, end: number) => void) => void;

/** Characters of a site's text, rarest first: names hold few of the first ones, but one of them makes the search several times faster. */
const RAREST = 'ZQXJYKVWUHGFBONPLMDRITSEACzqjxkvyw_bgpf7968345210.muhdlcrsnioate-';

const rarity = (character: string): number => {
  const place = RAREST.indexOf(character);
  return place === -1 ? RAREST.length : place;
};

/** How rare the rarest character of a name is; lower is rarer. */
export const rarityOf = (name: string): number => Math.min(...Array.from(name, rarity));

/** Searches for exactly this name. */
export function searchName(name: string): Search {
  const anchor = [...Array(name.length).keys()].reduce((best, index) =>
    rarity(name.charAt(index)) < rarity(name.charAt(best)) ? index : best,
  );
  return searchByAnchor(name, name, anchor);
}

/** Searches for an ASCII name in any case; it must hold a dot, which has no case. */
export function searchHost(host: string): Search {
  return searchByAnchor(host.toLowerCase(), host.toUpperCase(), host.indexOf('.'));
}

/** Searches with a regular expression, for names that have several spellings. */
export function searchPattern(source: string): Search {
  const pattern = new RegExp(source, 'g');
  return (text, hit) => {
    for (const found of text.matchAll(pattern)) hit(found.index, found.index + found[0].length);
  };
}

/**
 * Looks for one character, which engines do at the speed of memory (memchr), and then at those around it. A regular expression
 * for the whole name takes three to five times as long on prose.
 */
function searchByAnchor(lower: string, upper: string, anchor: number): Search {
  const character = lower.charAt(anchor);
  const codes = Array.from(lower, (letter, index) => [letter.charCodeAt(0), upper.charCodeAt(index)] as const);
  // The one after the anchor first: it nearly always tells.
  const order = [...codes.keys()]
    .map((index) => (anchor + 1 + index) % codes.length)
    .filter((index) => index !== anchor);
  const small = order.map((index) => codes[index]![0]);
  const capital = order.map((index) => codes[index]![1]);
  const offsets = order.map((index) => index - anchor);
  const isHere = (text: string, at: number): boolean => {
    for (let index = 0; index < offsets.length; index++) {
      const code = text.charCodeAt(at + offsets[index]!);
      if (code !== small[index] && code !== capital[index]) return false;
    }
    return true;
  };
  return (text, hit) => {
    for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) {
      if (isHere(text, at)) hit(at - anchor, at - anchor + lower.length);
    }
  };
}
