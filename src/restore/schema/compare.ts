import { filledWith } from './filled.ts';
import { isSame as same, type Column, type Definition, type Key } from './parts.ts';
import { isOther, widened, type Widened } from './widen.ts';

/** What the clone made of a table's definition, and what of that the live site has yet to get. */
export interface TableDifference {
  /** `make`: the live site does not have the table. */
  readonly kind: 'make' | 'extend';
  /** Columns and keys that it lacks. */
  readonly columns: readonly Column[];
  readonly keys: readonly Key[];
  /** Columns that it has, and that shall hold more. */
  readonly wider: readonly Widened[];
  /** What new columns shall be collated by that do not say so; null: as it is. */
  readonly collated: string | null;
  /** All columns that the clone added, whether or not the live site has them too. */
  readonly added: readonly Column[];
  /** In words: `2 columns new`. Nothing: the clone left the definition as it was. */
  readonly what: readonly string[];
  /** Something is there no more. */
  readonly drops: boolean;
  /** Why none of it goes there as it is. */
  readonly trouble?: string | undefined;
  /** It is more than an addition: only the code that the table belongs to knows how rows become those of the new form. */
  readonly beyond: boolean;
}

const TYPES =
  /^((tiny|small|medium|big)?int(\(\d+\))?( unsigned)?( zerofill)?|(decimal|numeric)\(\d+(,\d+)?\)( unsigned)?|(float|double)(\(\d+,\d+\))?( unsigned)?|(char|varchar|binary|varbinary)\(\d+\)|(tiny|medium|long)?(text|blob)|date|year(\(4\))?|(datetime|timestamp|time)(\([0-6]\))?|json|(enum|set)\(('[\w .:/-]*',?)+\))$/;

const ENGINES = /^(InnoDB|MyISAM|Aria)$/i;

/** Compares three definitions of one table in the form of one server. `base` or `live` undefined: they do not have it. */
export function compareDefinitions(
  base: Definition | undefined,
  live: Definition | undefined,
  clone: Definition,
): TableDifference {
  if (base === undefined) return newTable(live, clone);
  const columns = clone.columns.filter(({ name }) => !base.columns.some((each) => each.name === name));
  const keys = clone.keys.filter((key) => !counterpart(key, base) && key.kind !== 'primary');
  const { wider, beyond } = changesOf(base, clone);
  const dropped = droppedFrom(base, clone);
  const there = live ?? base;
  const isThere = (column: Column): boolean => {
    const now = there.columns.find(({ name }) => name === column.name);
    const own = clone.columns.find(({ name }) => name === column.name);
    return now !== undefined && own !== undefined && !isOther(now, own, there, clone);
  };
  const trouble =
    unknownPart([...columns, ...wider], keys) ??
    (live && keptAsWas(base, live, isThere)) ??
    columns.map((column) => otherThere(column, there)).find((each) => each !== undefined);
  return {
    kind: 'extend',
    added: columns,
    columns: columns.filter(({ name }) => !there.columns.some((each) => each.name === name)),
    keys: keys.filter((key) => !there.keys.some((each) => same(each, key))),
    wider: wider.filter((column) => !isThere(column)),
    collated: base.collation === clone.collation || there.collation === clone.collation ? null : clone.collation,
    what: [
      ...added(columns.length, 'column'),
      ...added(keys.length, 'key'),
      ...counted(wider.length, 'column', 'widened'),
      ...beyond,
      ...dropped,
    ],
    drops: dropped.length > 0,
    beyond: beyond.length > 0,
    trouble,
  };
}

function newTable(live: Definition | undefined, clone: Definition): TableDifference {
  const odd = ENGINES.test(clone.engine) ? clone.other : `the engine ${clone.engine}`;
  const isThere =
    live !== undefined && same({ ...live, engine: '', collation: null }, { ...clone, engine: '', collation: null });
  return {
    kind: 'make',
    columns: isThere ? [] : clone.columns,
    keys: isThere ? [] : clone.keys,
    wider: [],
    collated: null,
    added: [],
    what: isThere ? [] : added(1, 'table'),
    drops: false,
    beyond: false,
    trouble:
      live && !isThere
        ? 'both sides made a table of this name'
        : (unknownPart(clone.columns, clone.keys) ?? (odd === '' ? undefined : `${odd} do not go to a live site`)),
  };
}

const added = (count: number, what: string): string[] => counted(count, what, 'new');

const counted = (count: number, what: string, how: string): string[] =>
  count === 0 ? [] : [`${count} ${what}${count === 1 ? '' : 's'} ${how}`];

/** What is there no more, in words: no request to drop it anywhere else. */
function droppedFrom(base: Definition, clone: Definition): string[] {
  const columns = base.columns.filter(({ name }) => !clone.columns.some((each) => each.name === name));
  const keys = base.keys.filter((key) => key.kind !== 'primary' && !counterpart(key, clone));
  return [
    ...columns.map(({ name }) => `column ${name} dropped, stays`),
    ...keys.map(({ name }) => `key ${name} dropped, stays`),
  ];
}

const counterpart = ({ name, kind }: Key, { keys }: Definition): Key | undefined =>
  keys.find((each) => each.name === name && each.kind === kind);

/** What became of what was there: columns that hold more, and in words what is more than that. */
function changesOf(base: Definition, clone: Definition): { readonly wider: Widened[]; readonly beyond: string[] } {
  const wider: Widened[] = [];
  const columns: string[] = [];
  for (const column of base.columns) {
    const now = clone.columns.find(({ name }) => name === column.name);
    if (now === undefined || !isOther(column, now, base, clone)) continue;
    const found = widened(column, now, base, clone);
    if (found) wider.push(found);
    else columns.push(`column ${column.name} changed`);
  }
  const keys = base.keys.flatMap((key) => {
    const now = counterpart(key, clone);
    if (now === undefined) return key.kind === 'primary' ? ['the primary key dropped'] : [];
    return same(now, key) ? [] : [`key ${key.name || 'primary'} changed`];
  });
  const primary =
    clone.keys.some(({ kind }) => kind === 'primary') && !base.keys.some(({ kind }) => kind === 'primary');
  const beyond = [
    ...columns,
    ...keys,
    ...(primary ? ['a primary key new'] : []),
    ...(base.engine.toLowerCase() === clone.engine.toLowerCase() ? [] : ['engine changed']),
    ...(clone.collation === null && base.collation !== null ? ['character set changed'] : []),
    ...(base.other === clone.other ? [] : [clone.other || base.other]),
  ];
  return { wider, beyond };
}

/** What of an addition nobody here can carry over. */
function unknownPart(columns: readonly Column[], keys: readonly Key[]): string | undefined {
  const column = columns.find((each) => each.other !== '' || !TYPES.test(each.type));
  if (column) return `column ${column.name} (${column.other || column.type}) does not go to a live site`;
  const key = keys.find((each) => each.other !== '' || each.kind === 'spatial' || each.parts.length === 0);
  return key && `key ${key.name} does not go to a live site`;
}

/** Where the live site changed what there was, its rows cannot be told from those that are known. */
function keptAsWas(base: Definition, live: Definition, isAsInClone: (column: Column) => boolean): string | undefined {
  const { wider, beyond } = changesOf(base, live);
  const other = wider.filter((column) => !isAsInClone(column)).map(({ name }) => `column ${name} changed`);
  const changed = [...other, ...beyond, ...droppedFrom(base, live)][0];
  return changed === undefined ? undefined : `the live site altered it too (${changed})`;
}

function otherThere(column: Column, live: Definition): string | undefined {
  const there = live.columns.find(({ name }) => name === column.name);
  if (there !== undefined && !same(there, column)) return `the live site has another column ${column.name} by now`;
  if (column.counts) return `column ${column.name} counts up`;
  return filledWith(column) === 'unknown' ? `what rows get in column ${column.name} is not known` : undefined;
}
