import type { RestorePlan } from '../../operations/types.ts';
import { count, printable } from '../../shared/format.ts';

type Held = Pick<RestorePlan['items'][number], 'id' | 'conflict' | 'kept'> & { readonly title: string };

const all = ({ items, code, uploads }: RestorePlan): Held[] => [
  ...items,
  ...code,
  ...uploads.map(({ place, ...rest }) => ({ ...rest, title: place })),
];

/** `Page "Contact": text changed here and on the live site`. */
export function conflictLines(plan: RestorePlan): string[] {
  return all(plan).flatMap(({ title, id, conflict }) =>
    conflict ? [`${printable(title)} [${printable(id)}]: ${printable(conflict.message)}`] : [],
  );
}

const REASONS: Readonly<Record<string, string>> = {
  DELETION: 'deleted here; --delete deletes them there',
  NOT_CHOSEN: 'not asked for',
  NOISE: 'the site changes them by itself; --only option:NAME brings one along',
  LIVE_TAKEN: 'as the live site has them',
  NOT_WRITABLE: 'never written; carry it over by hand',
};

const NAMED = 5;

/** Of these nobody wants to read names. */
const COUNTED: Readonly<Record<string, string>> = {
  machine: 'of the machinery’s own (cron, locks, transients, sessions, logs)',
  revisions: 'old versions of posts',
};

/** What stays, by reason, with some names of each. */
export function keptLines(plan: RestorePlan): string[] {
  const reasons = new Map<string, string[]>();
  for (const { kept, title } of all(plan)) {
    if (!kept) continue;
    const reason = kept.class === undefined ? (REASONS[kept.code] ?? kept.message) : kept.class;
    reasons.set(reason, [...(reasons.get(reason) ?? []), printable(title)]);
  }
  return [...reasons].map(([reason, titles]) => {
    const counted = COUNTED[reason];
    if (counted !== undefined) return `${count(titles.length)} ${counted}`;
    const named = titles.slice(0, NAMED).join(', ');
    const more = titles.length > NAMED ? ` and ${count(titles.length - NAMED)} more` : '';
    return `${named}${more}: ${isClass(plan, reason) ? `never travels unless named: --include ${reason}` : reason}`;
  });
}

const isClass = (plan: RestorePlan, reason: string): boolean => all(plan).some(({ kept }) => kept?.class === reason);
