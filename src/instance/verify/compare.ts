import type { Look, Sight } from '../../site/looks.ts';

/** How a page of the clone stands to the source's. */
export type Comparison =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly why: string }
  /** The source's page could not be seen. */
  | { readonly kind: 'unknown'; readonly why: string };

/** Compares what the clone's page does with what the source's did. */
export function compare(clone: Look, source: Sight, page: 'front' | 'login'): Comparison {
  if ('failed' in source) return { kind: 'unknown', why: source.failed };
  const why = difference(clone, source, page);
  if (why === undefined) return { kind: 'same' };
  // What keeps visitors like us from the source itself says nothing about the site behind it.
  if (source.wall) return { kind: 'unknown', why: `something at the source ${does(source)}` };
  return { kind: 'different', why };
}

function difference(clone: Look, source: Look, page: 'front' | 'login'): string | undefined {
  if (outcomeOf(clone) !== outcomeOf(source) || clone.place !== source.place) {
    return `${does(clone)}, the source's ${does(source)}`;
  }
  if (!isGood(clone)) return undefined;
  if (clone.empty !== source.empty)
    return clone.empty ? "is empty, the source's is not" : "is not empty, the source's is";
  if (clone.html !== source.html) return `is ${kindOf(clone)}, the source's is ${kindOf(source)}`;
  // All of it with status 200: pages break off once their beginning is sent, and code that wants something of its host says so and ends.
  if (clone.fatal === true && source.fatal === false) return "ends in an error, the source's does not";
  if (clone.wordpress === false && source.wordpress === true) return "shows nothing of WordPress, the source's does";
  if (clone.whole === false && source.whole === true) return "breaks off in the middle, the source's does not";
  if (page === 'login' && clone.passwordField !== source.passwordField) {
    return clone.passwordField
      ? "asks for a password, the source's does not"
      : "does not ask for a password, the source's does";
  }
  return undefined;
}

/** The class of the status; a site that is closed for a while (503) is not one that is broken. */
const outcomeOf = ({ status }: Look): number => (status === 503 ? status : Math.floor(status / 100));

const kindOf = ({ html }: Look): string => (html ? 'a page' : 'no page of HTML');

/** Whether a visitor is shown something at the site. */
export const isGood = ({ status, place }: Look): boolean => status >= 200 && status < 300 && isHere(place);

const isHere = (place: string): boolean => place === '' || place.startsWith('/');

/** "answers 404", "answers 200 at /en", "sends visitors to https://a.example". */
export function does({ status, place }: Look): string {
  if (!isHere(place)) return `sends visitors to ${place}`;
  if (status >= 300 && status < 400) return `redirects in a circle at ${place || '/'}`;
  return `answers ${status}${place === '' ? '' : ` at ${place}`}`;
}
