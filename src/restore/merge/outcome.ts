import type { Part } from './parts.ts';
import type { Protection } from './never.ts';
import type { Row, ItemId } from './types.ts';

/** Why something of the clone cannot simply be taken over. Somebody has to decide, or to change something. */
export type Conflict =
  /** Both changed it. `fields`: what, as columns or names of meta data. */
  | { readonly code: 'BOTH_CHANGED'; readonly fields: readonly string[] }
  /** Both changed it in different fields, which would go together: a conflict for who wants to be strict. */
  | { readonly code: 'BOTH_WROTE'; readonly fields: readonly string[] }
  /** Both have it, otherwise, and nobody remembers which of them changed it. */
  | { readonly code: 'DIFFERS'; readonly fields: readonly string[] }
  | { readonly code: 'DELETED_ON_LIVE' }
  | { readonly code: 'DELETED_IN_CLONE' }
  /** What the clone deleted is used by something that the live site has made or changed since. */
  | { readonly code: 'USED_ON_LIVE'; readonly by: string }
  /** Both gave this number to something new. With `fields`: it holds numbers that may mean such a thing, and nobody knows. */
  | { readonly code: 'NUMBER_TAKEN'; readonly numbers?: readonly string[]; readonly fields?: readonly string[] }
  /** Something else of this name is on the live site by now. */
  | { readonly code: 'NAME_TAKEN'; readonly name: string }
  /** It refers to something that the live site will not have. */
  | { readonly code: 'NEEDS'; readonly what: string }
  /** A value holds an address of the clone that has no counterpart on the live site. */
  | { readonly code: 'ADDRESS'; readonly field: string }
  /** What the clone changed cannot be told from what others did. */
  | { readonly code: 'NOT_COMPARABLE'; readonly why: string };

/** Why something stays as it is on the live site although nothing stands against it. */
export type Kept =
  | { readonly code: 'PROTECTED'; readonly class: Protection }
  | { readonly code: 'NOISE' }
  | { readonly code: 'DELETION' }
  | { readonly code: 'NOT_CHOSEN' }
  | { readonly code: 'LIVE_TAKEN'; readonly instead: Conflict };

/** A part that the clone changed, and the rows that the live site is to have of it. */
export interface Write {
  readonly part: Part;
  readonly rows: readonly Row[];
}

/** What becomes of one thing that the clone changed. */
export interface ItemOutcome {
  readonly item: ItemId;
  readonly change: 'new' | 'changed' | 'deleted';
  /** What of it the clone changed. */
  readonly parts: readonly Part[];
  readonly writes: readonly Write[];
  readonly conflict?: Conflict;
  readonly kept?: Kept;
  /** Both sides changed it, and both changes go together. */
  readonly both: boolean;
  /** What stood against it until somebody took the clone's side. */
  readonly over?: Conflict;
}

/** What the live site did since the clone was made. */
export interface LiveChange {
  readonly item: ItemId;
  readonly change: 'new' | 'changed' | 'deleted';
  readonly protection?: Protection | undefined;
}

export type Side = 'live' | 'clone';

/** What the person wants. */
export interface Policy {
  readonly take: Side | undefined;
  /** What was decided for single things, by the key of the item. */
  readonly decisions: ReadonlyMap<string, Side>;
  readonly delete: boolean;
  readonly strict: boolean;
  readonly include: ReadonlySet<Protection>;
  /** Things that go although they are of a class that was not named: by the key of the item. */
  readonly freed?: ReadonlySet<string>;
  /** Whether it was asked for; `named`: by its own name. */
  readonly chooses: (item: ItemId) => 'yes' | 'no' | 'named';
  /** What was found against single things before, by the key of the item. */
  readonly against: ReadonlyMap<string, Conflict>;
  /** What the site changes by itself, as far as that was seen. */
  readonly isNoise: (part: Part) => boolean;
}

export interface Merge {
  /** What the clone changed. */
  readonly items: readonly ItemOutcome[];
  /** What the live site changed. */
  readonly meanwhile: readonly LiveChange[];
}
