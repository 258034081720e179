import { createHash } from 'node:crypto';
import type { SiteInfo } from '../../site/info.ts';
import type { UrlMapping } from '../rewrite/types.ts';
import { REWRITER_VERSION } from '../rewrite/version.ts';
import { readOrigin, writeOrigin } from './folder.ts';
import type { Recorder } from './recorder.ts';
import { databaseOriginSchema, type DatabaseOrigin, type LeftOut, type OriginIds, type OriginKept } from './schema.ts';

/** A table as it was copied. */
export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[] | null;
  /** The source's definition. */
  readonly definition: string;
  readonly copied: 'rows' | 'structure';
  readonly ids: OriginIds | null;
  /** See `rulesOf`. */
  readonly rules: string | undefined;
  readonly kept: OriginKept | undefined;
}

/** Writes what is known of the copied tables, in the order in which they were given to the recorder. */
export async function writeDatabaseOrigin(
  baseline: string,
  tables: readonly CopiedTable[],
  facts: {
    readonly info: SiteInfo;
    readonly mapping: UrlMapping;
    readonly madeAt: number;
    readonly recorder: Recorder;
    readonly leftOut: LeftOut;
  },
): Promise<void> {
  const { info, mapping, madeAt, recorder, leftOut } = facts;
  const origin: DatabaseOrigin = {
    version: 1,
    madeAt,
    source: info.home,
    tablePrefix: info.tablePrefix,
    rowFormat: info.rowFormat,
    rewriter: {
      version: REWRITER_VERSION,
      mapping: { from: [...mapping.from], to: [...mapping.to], paths: [...mapping.paths] },
    },
    tables: tables.map(({ definition, rules, kept, ...table }) => {
      const { rows, bytes, refused } = recorder.noted(table.name);
      return {
        ...table,
        columns: [...table.columns],
        key: table.key && [...table.key],
        ...(rules !== undefined && { rules }),
        ...(kept !== undefined && { kept }),
        definition: definitionDigest(definition),
        rows,
        bytes,
        refused: { ...refused, examples: [...refused.examples] },
      };
    }),
    leftOut,
  };
  await writeOrigin(baseline, 'database.json', origin);
}

/** Undefined when the clone was made by a version that remembered nothing. */
export const readDatabaseOrigin = (baseline: string): Promise<DatabaseOrigin | undefined> =>
  readOrigin(baseline, 'database.json', databaseOriginSchema);

/** Of a definition as SHOW CREATE TABLE has it. Its AUTO_INCREMENT counts rows, which are compared for themselves. */
export function definitionDigest(definition: string): string {
  const end = definition.lastIndexOf('\n)');
  const options = definition.slice(Math.max(0, end)).replace(/ AUTO_INCREMENT=\d+/, '');
  return createHash('sha256')
    .update(definition.slice(0, Math.max(0, end)) + options)
    .digest('hex');
}
