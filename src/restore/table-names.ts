import type { SiteClient, TableRead } from '../site/client-types.ts';
import type { SiteInfo } from '../site/info.ts';
import type { RestoreChanges } from './changes.ts';
import type { Plan } from './plan/schema.ts';

/** Two sites that were made apart often begin the names of their tables otherwise: what is compared has the clone's names for both. */
export interface TableNames {
  info(live: SiteInfo): SiteInfo;
  client(live: SiteClient): SiteClient;
  /** What was planned in the clone's names, in those of the live site. */
  back<T extends Planned>(planned: T): T;
}

interface Planned {
  readonly plan: Plan;
  readonly changes: RestoreChanges;
}

const SAME: TableNames = { info: (live) => live, client: (live) => live, back: (planned) => planned };

/** `there` and `here`: what names of the live site's and of the clone's tables begin with. */
export function tableNames(there: string, here: string): TableNames {
  if (there === here) return SAME;
  const swap =
    (from: string, to: string) =>
    (name: string): string =>
      name.startsWith(from) ? to + name.slice(from.length) : name;
  const [toHere, toThere] = [swap(there, here), swap(here, there)];
  const table = <T extends { readonly table: string }>(each: T): T => ({ ...each, table: toThere(each.table) });
  const asked = <T extends TableRead>(each: T): T => (each.other ? each : { ...each, name: toThere(each.name) });
  return {
    info: (live) => ({
      ...live,
      tablePrefix: here,
      tables: live.tables.map((each) => ({
        ...each,
        name: toHere(each.name),
        definition: withNames(each.definition, toHere),
      })),
      triggers: live.triggers.map((each) => ({ ...each, table: toHere(each.table) })),
    }),
    client: (live) => ({
      ...live,
      rows: (tables, signal) => renamed(live.rows(tables.map(asked), signal), toHere),
      digests: (tables, signal) => renamed(live.digests(tables.map(asked), signal), toHere),
    }),
    back: (planned) => ({
      ...planned,
      plan: {
        ...planned.plan,
        tables: planned.plan.tables.map((each) =>
          each.state === 'new-on-live' ? { ...each, name: toThere(each.name) } : each,
        ),
      },
      changes: {
        ...planned.changes,
        tables: planned.changes.tables.map(table),
        ...(planned.changes.schema && { schema: planned.changes.schema.map(table) }),
      },
    }),
  };
}

/** Of a definition only names of tables: a column may begin like one. */
const withNames = (definition: string, to: (name: string) => string): string =>
  definition.replaceAll(
    /(^CREATE TABLE | REFERENCES )`((?:[^`]|``)+)`/g,
    (_, before: string, name: string) => `${before}\`${to(name)}\``,
  );

async function* renamed<T extends { readonly table: string }>(
  blocks: AsyncIterable<T>,
  to: (name: string) => string,
): AsyncGenerator<T> {
  for await (const block of blocks) yield { ...block, table: to(block.table) };
}
