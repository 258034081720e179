/** A name of an address' path. */
export interface Segment {
  /** As a URL has it. */
  readonly name: string;
  /** Where it ends in latin1 text, in whatever spelling it stands at `at`; -1 when another stands there. */
  readonly after: (text: string, at: number) => number;
}

/** A segment of a URL's path. Most have one spelling; it is compared as it is. */
export function segmentOf(name: string): Segment {
  if (/^[\w.]*(?:-[\w.]+)*-?$/.test(name))
    return { name, after: (text, at) => (text.startsWith(name, at) ? at + name.length : -1) };
  const pattern = new RegExp(patternOf(decoded(name), false), 'y');
  return {
    name,
    after: (text, at) => {
      pattern.lastIndex = at;
      return pattern.test(text) ? pattern.lastIndex : -1;
    },
  };
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/**
 * A regular expression's source for a name in latin1 text: as it is, and as Unicode, signs and double hyphens that JSON, the editor of blocks
 * (which keeps `--` out of its comments) or a URL has escaped.
 */
export function patternOf(name: string, inAnyCase: boolean): string {
  const characters = Array.from(name);
  return characters
    .map((character, at) => {
      if (character === '-') {
        const isDouble = characters[at - 1] === '-' || characters[at + 1] === '-';
        return isDouble ? String.raw`(?:-|\\+u002[dD])` : '-';
      }
      if (/[\w.]/.test(character)) return ofPlain(character, inAnyCase);
      const cases = new Set(inAnyCase ? [character, character.toUpperCase()] : [character]);
      return `(?:${[...cases].flatMap(escapedForms).join('|')})`;
    })
    .join('');
}

function ofPlain(character: string, inAnyCase: boolean): string {
  if (character === '.') return String.raw`\.`;
  return inAnyCase && /[a-z]/.test(character) ? `[${character}${character.toUpperCase()}]` : character;
}

function escapedForms(character: string): string[] {
  const bytes = [...Buffer.from(character, 'utf8')];
  const raw = bytes.map((byte) => String.raw`\x${byte.toString(16).padStart(2, '0')}`).join('');
  const percent = bytes.map((byte) => `%(?:25)*${anyCase(byte.toString(16).padStart(2, '0'))}`).join('');
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  const json = units.map((unit) => String.raw`\\+u${anyCase(unit.toString(16).padStart(4, '0'))}`).join('');
  return [raw, percent, json];
}

const anyCase = (hex: string): string => hex.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
