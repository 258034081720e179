import { toWpcloneError } from '../../shared/errors.ts';
import type { SiteInfo, TableInfo } from '../../site/info.ts';
import type { BaselineSchema, BaselineTable } from '../../transfer/baseline/database.ts';
import type { TargetServer } from '../../transfer/database/collations.ts';
import type { TargetConnection } from '../../transfer/database/connection.ts';
import { parseDefinition } from '../../transfer/database/definition.ts';
import { createStatement } from '../../transfer/database/draft.ts';
import { listsAsTheyAre } from '../../transfer/database/lists.ts';
import { textsBy, type Spelling } from '../../transfer/database/spelling.ts';
import { quoteName } from '../../transfer/database/sql-tokens.ts';
import { translateTable } from '../../transfer/database/translate.ts';
import { createFinder } from '../../transfer/rewrite/finder.ts';
import type { Rewriter, UrlMapping } from '../../transfer/rewrite/types.ts';
import { collectWarnings } from '../../transfer/warnings.ts';
import { definitionDigest } from '../../transfer/origin/database.ts';
import type { OriginTable } from '../../transfer/origin/schema.ts';
import { compareDefinitions, type TableDifference } from './compare.ts';
import { definitionOf, isSame, type Definition, type Key } from './parts.ts';

/** A table whose definition is not the same in the clone as it was made. */
export interface AlteredTable extends TableDifference {
  readonly name: string;
  /** Undefined where the clone made it. */
  readonly base: BaselineTable | undefined;
  readonly live: TableInfo | undefined;
  /** Whether the live site changed its definition too. */
  readonly redefined: boolean;
  readonly clone: Definition;
  /** Of one that the clone made. */
  readonly rows: number;
  /** Null: as the site's own tables have it. */
  readonly collation: string | null;
}

export interface DefinitionsInput {
  /** Of the clone: it makes tables of its own there that nobody else sees, and that go with it. */
  readonly connection: TargetConnection;
  readonly server: TargetServer;
  readonly schema: BaselineSchema;
  readonly origin: ReadonlyMap<string, OriginTable>;
  readonly info: SiteInfo;
  /** What made the clone's definitions of the site's. */
  readonly rewriter: Pick<Rewriter, 'value' | 'mapping'>;
}

/** Reads what became of definitions in the clone, and on the live site where that concerns them. One that cannot be read is left out. */
export async function alteredTables(input: DefinitionsInput): Promise<AlteredTable[]> {
  const { connection, schema, info } = input;
  const listed = await connection.query("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'");
  const names = listed.map((row) => String(Object.values(row)[0]));
  const usual = (await shown(connection, `${info.tablePrefix}posts`))?.collation;
  const found: AlteredTable[] = [];
  for (const name of names.toSorted()) {
    const base = schema.tables.find((table) => table.name === name);
    // A table without its prefix belongs to no plugin of the site.
    if (base === undefined && !name.startsWith(info.tablePrefix)) continue;
    const altered = await altering(name, base, input);
    if (altered === undefined) continue;
    const rows = base === undefined ? Math.max(await countOf(connection, name), altered.live?.rows ?? 0) : 0;
    const many = rows > MOST_ROWS ? `its ${rows} rows are too many to go with a restore` : undefined;
    const collation = altered.clone.collation === usual ? null : altered.clone.collation;
    found.push({ ...altered, rows, collation, trouble: altered.trouble ?? many });
  }
  return found;
}

async function altering(
  name: string,
  base: BaselineTable | undefined,
  { connection, server, origin, info, rewriter }: DefinitionsInput,
): Promise<Omit<AlteredTable, 'rows' | 'collation'> | undefined> {
  const clone = await shown(connection, name);
  if (clone === undefined) return undefined;
  const was = base && (await made(connection, name, base, clone));
  if (base !== undefined && (was === undefined || isSame(was, clone))) return undefined;
  const live = info.tables.find((table) => table.name === name);
  const known = origin.get(name)?.definition;
  const redefined = live !== undefined && (known === undefined || definitionDigest(live.definition) !== known);
  const there = live && redefined ? await translated(connection, server, live, textsBy(rewriter)) : undefined;
  const difference = compareDefinitions(was, there, clone);
  const gone = base !== undefined && live === undefined ? 'the live site has this table no more' : undefined;
  const unread = redefined && there === undefined ? 'what the live site has instead cannot be read' : undefined;
  if (difference.what.length === 0 && base !== undefined) return undefined;
  const trouble = gone ?? unread ?? difference.trouble ?? namingClone(difference, rewriter.mapping);
  return { ...difference, trouble, name, base, live, redefined, clone };
}

/** A column's default, or its list of values, may hold the clone's address: nobody asks for it on a live site. */
function namingClone({ columns, wider }: TableDifference, { from, to, paths }: UrlMapping): string | undefined {
  const find = createFinder({ from: to, to: from, paths: paths.map((path) => ({ from: path.to, to: path.from })) });
  const column = [...columns, ...wider].find((each) => find(JSON.stringify(each)).length > 0);
  return column && `the definition of column ${column.name} holds the address of the clone`;
}

/** Rows of a table that is new: they are held, and written, all at once. */
const MOST_ROWS = 20_000;

async function countOf(connection: TargetConnection, name: string): Promise<number> {
  const [row] = await connection.query(`SELECT COUNT(*) AS n FROM ${quoteName(name)}`);
  return Number(row?.['n']);
}

async function shown(connection: TargetConnection, name: string): Promise<Definition | undefined> {
  try {
    const [row] = await connection.query(`SHOW CREATE TABLE ${quoteName(name)}`);
    return definitionOf(name, String(row?.['Create Table']));
  } catch (error) {
    return orUnknown(error);
  }
}

/** What nobody can take apart is nobody's to carry over; all else ends the plan. */
function orUnknown(error: unknown): undefined {
  if (toWpcloneError(error).code === 'TABLE_FAILED') return undefined;
  throw error;
}

interface Statements {
  readonly create: string;
  readonly keys: readonly string[];
  readonly foreignKeys: readonly string[];
}

/** A definition as the clone's server writes it. `like`: what it is compared with; where the texts agree, nothing has to be made. */
async function made(
  connection: TargetConnection,
  name: string,
  { create, keys, foreignKeys }: Statements,
  like?: Definition,
): Promise<Definition | undefined> {
  try {
    const all = definitionOf(name, create, [...keys, ...foreignKeys]);
    // Of keys that came after the rows, the server may have refused some.
    const sure = definitionOf(name, create).keys;
    const isThere = (key: Key): boolean =>
      like === undefined || [...sure, ...like.keys].some((each) => each.name === key.name);
    const said = { ...all, keys: all.keys.filter(isThere) };
    if (like !== undefined && isSame(said, like)) return said;
    const written = await asTheServerWritesIt(connection, name, create);
    // A table of a session cannot have every kind of key.
    return written === undefined ? said : { ...said, columns: written.columns, collation: written.collation };
  } catch (error) {
    return orUnknown(error);
  }
}

async function asTheServerWritesIt(
  connection: TargetConnection,
  name: string,
  create: string,
): Promise<Definition | undefined> {
  const temporary = create.replace(/^CREATE TABLE/, 'CREATE TEMPORARY TABLE').replace(/ WITH SYSTEM VERSIONING$/, '');
  const done = await connection.execute(temporary).catch(() => undefined);
  if (done === undefined) return undefined;
  try {
    return await shown(connection, name);
  } finally {
    await connection.execute(`DROP TEMPORARY TABLE ${quoteName(name)}`);
  }
}

async function translated(
  connection: TargetConnection,
  server: TargetServer,
  { name, definition }: TableInfo,
  text: Spelling['text'],
): Promise<Definition | undefined> {
  try {
    const parsed = parseDefinition(definition, name);
    const asTheyAre = listsAsTheyAre(parsed, text, collectWarnings());
    const options = { deferKeys: false, tables: new Set<string>(), text, asTheyAre };
    const { draft, ...rest } = translateTable(parsed, options, server, collectWarnings());
    return await made(connection, name, { ...rest, create: createStatement(draft) });
  } catch (error) {
    return orUnknown(error);
  }
}
