import type { SiteInfo, TableInfo } from '../../site/info.ts';
import type { TransferInput } from '../types.ts';
import type { TableDefinition } from './definition.ts';
import { isWord } from './sql-tokens.ts';

/** The counter of a table. */
export interface IdPlan {
  readonly column: string;
  /** The source's AUTO_INCREMENT. */
  readonly next: bigint;
  /** The clone's; null when it counts on like the source. */
  readonly from: bigint | null;
}

/** What decides how far above the source a clone begins to count. */
export interface IdRules {
  /** Whole days, at least one. */
  readonly days: number;
  /** Instead of what the growth of the site says; 0: not at all. */
  readonly gap: number | undefined;
  /** From 0 up to below the limit. */
  readonly random: (limit: bigint) => bigint;
}

const DAY_SECONDS = 86_400;
/** The source may grow so many times faster than it did before both could give the same ID. */
const MARGIN = 50;
const LEAST_GAP = 1000n;
/** Whatever a site says of itself, IDs stay numbers that scripts in pages can hold. */
const LARGEST_GAP = 1e9;

export function idRules({ task, randomBytes }: Pick<TransferInput, 'task' | 'randomBytes'>): IdRules {
  return {
    days: Math.max(1, Math.ceil(task.ttlSeconds / DAY_SECONDS)),
    gap: task.idGap,
    random: (limit) => (limit <= 0n ? 0n : randomBytes(8).readBigUInt64BE() % limit),
  };
}

/**
 * Where the clone of a table begins to count. IDs that are made in the clone stay free at the source for as long as the clone lives, so
 * that a restore can keep them wherever they are mentioned. A random part keeps two clones apart. No more than a tenth of
 * what the column has left is taken: one that is nearly used up gets nothing.
 */
export function planIds(
  definition: TableDefinition,
  table: TableInfo,
  info: Pick<SiteInfo, 'growth' | 'tables' | 'tablePrefix'>,
  rules: IdRules,
): IdPlan | null {
  const counter = definition.columns.find(({ tokens }) => tokens.some((token) => isWord(token, 'AUTO_INCREMENT')));
  const column = table.columns.find(({ name }) => name === counter?.name);
  const largest = column && largestOf(column.type);
  if (!column || largest === undefined) return null;
  const next = nextId(definition);
  if (isCarrier(table, info.tablePrefix)) return { column: column.name, next, from: null };
  const wanted = rules.gap === undefined ? gapFor(growthOf(table, next, info), rules.days) : BigInt(rules.gap);
  const room = (largest - next) / 10n;
  const gap = wanted < room ? wanted : room;
  // Room that is left over beside the gap goes to the random part, as far as that is as large as the gap.
  const spare = room - gap < gap ? room - gap : gap;
  const worth = gap > 0n && (rules.gap !== undefined || gap >= LEAST_GAP);
  return { column: column.name, next, from: worth ? next + gap + rules.random(spare) : null };
}

/** The definition with the clone's counter instead of the source's. */
export function withNextId(definition: TableDefinition, ids: IdPlan | null): TableDefinition {
  if (ids?.from == null) return definition;
  const token = { kind: 'word', text: String(ids.from), space: '' } as const;
  return { ...definition, options: new Map([...definition.options, ['AUTO_INCREMENT', token]]) };
}

function nextId(definition: TableDefinition): bigint {
  const text = definition.options.get('AUTO_INCREMENT')?.text ?? '';
  return /^\d{1,20}$/.test(text) ? BigInt(text) : 1n;
}

/**
 * Settings and meta data: nothing refers to their numbers, and a restore gives them new ones. Whoever has `meta_key` beside an
 * owner is one of them.
 */
function isCarrier(table: TableInfo, prefix: string): boolean {
  const bare = table.name.slice(prefix.length);
  return (
    bare === 'options' || bare === 'sitemeta' || table.columns.some(({ name }) => name.toLowerCase() === 'meta_key')
  );
}

/** New IDs per day. A table that does not say when its rows were made grows as the posts do, in proportion. */
function growthOf(table: TableInfo, next: bigint, info: Pick<SiteInfo, 'growth' | 'tables' | 'tablePrefix'>): number {
  const perDay = (name: string): number | undefined => info.growth.find((each) => each.table === name)?.perDay;
  const own = perDay(table.name);
  if (own !== undefined) return own;
  const posts = info.tables.find(({ name }) => name === `${info.tablePrefix}posts`);
  const count = Number(/ AUTO_INCREMENT=(\d{1,20})/.exec(posts?.definition ?? '')?.[1] ?? 0);
  return count === 0 ? 0 : (perDay(posts?.name ?? '') ?? 0) * (Number(next) / count);
}

function gapFor(perDay: number, days: number): bigint {
  const gap = Math.min(LARGEST_GAP, Math.ceil(MARGIN * perDay * days));
  return gap > LEAST_GAP ? BigInt(gap) : LEAST_GAP;
}

const BITS: Readonly<Record<string, bigint>> = { tinyint: 8n, smallint: 16n, mediumint: 24n, int: 32n, bigint: 64n };

/** The largest number of an integer column; undefined for another one. */
export function largestOf(type: string): bigint | undefined {
  const bits = BITS[/^[a-z]+/.exec(type)?.[0] ?? ''];
  return bits && 2n ** (type.includes('unsigned') ? bits : bits - 1n) - 1n;
}
