import { createHash, hash, type Hash } from 'node:crypto';
import type { RemadeRows, RowBlock } from '../../site/client-types.ts';
import type { Replaced } from '../rewrite/types.ts';
import { digestAgain, LEAST_AGAIN } from './again.ts';
import { openBackFile, startWayBack, type BackFile, type WayBack } from './back.ts';
import { clearOrigin } from './folder.ts';
import { openRanges } from './ranges.ts';
import type { OriginRange } from './schema.ts';

/** What was noted of a table. */
export interface Noted {
  /** As the source sent them. */
  readonly rows: number;
  readonly bytes: number;
  readonly refused: { readonly rows: number; readonly complaints: number; readonly examples: readonly string[] };
}

/** Notes what a source sends while it is sent, and what becomes of it. */
export interface Recorder {
  /** The table is read from its start, maybe once more. */
  begin(table: string): void;
  /** To be told what is replaced in a block. */
  rewriting(block: RowBlock): Replaced;
  /** These went into the table's file of rows. */
  wrote(table: string, rows: Buffer): void;
  /**
   * A block as the source sent it, after all that became of it. `urls`: so many were rewritten in it, given where the same rules would make the
   * same of it once more.
   */
  block(block: RowBlock, urls?: number): void;
  /** A block of rows that were not made again, after they were written. */
  remade(block: RowBlock, rows: RemadeRows): void;
  /** What the clone's server said to the rows. */
  refused(table: string, rows: number, complaints: number, examples: readonly string[]): void;
  noted(table: string): Noted;
  close(): Promise<void>;
}

export interface RecordedTable {
  readonly name: string;
  readonly key: readonly string[] | null;
  /** See `rulesOf`. */
  readonly rules: string | undefined;
}

const EXAMPLES = 5;
const EXAMPLE_CHARACTERS = 300;

interface Table {
  readonly number: number;
  readonly keyless: boolean;
  readonly rules: string | undefined;
  rows: number;
  bytes: number;
  /** Bytes and rows of the range that is being read. */
  range: number;
  ended: number;
  /** Of a table without a key, which is one range. */
  hash: Hash;
  /** How the range comes back to what was sent. */
  back: WayBack;
  /** It holds a row that came in pieces, whose replacements nobody is told of. */
  inPieces: boolean;
  /** A block that may be all of it is being rewritten. */
  isAlone: boolean;
  /** Digest of what became of that block. */
  made: string | undefined;
  readonly refused: { rows: number; complaints: number; examples: string[] };
}

/**
 * Starts a record of the tables, which replaces an earlier one. Digests of tables with a key have been computed when their frames
 * were checked, so that noting them costs nothing; one without a key is hashed here. `key`: see `TransferSite.memoryKey`.
 */
export async function startRecorder(
  baseline: string,
  tables: readonly RecordedTable[],
  key: Buffer | undefined,
): Promise<Recorder> {
  await clearOrigin(baseline, ['database.json', 'ids.json']);
  const file = await openRanges(baseline);
  const backs = await openBackFile(baseline);
  const known = new Map(tables.map((table, number) => [table.name, newTable(number, table)]));
  const againOf = (
    { rules }: Table,
    range: Parameters<typeof digestAgain>[2],
    made: Parameters<typeof digestAgain>[3],
  ) => key && rules !== undefined && { again: [made.urls, digestAgain(key, rules, range, made)] as [number, string] };
  const get = (name: string): Table => {
    const table = known.get(name);
    if (!table) throw new Error(`${name} is not being recorded`);
    return table;
  };
  return {
    begin: (name) => {
      const table = get(name);
      Object.assign(table, { rows: 0, bytes: 0, hash: createHash('sha256'), ...newRange() });
    },
    rewriting: (block) => {
      const table = get(block.table);
      table.isAlone = table.range === 0 && !table.inPieces && !table.keyless && block.data.length >= LEAST_AGAIN;
      return table.back.of(block.data);
    },
    wrote: (name, rows) => {
      const table = get(name);
      table.back.became(rows.length);
      if (table.isAlone) table.made = hash('sha256', rows);
    },
    block: (block, urls) => {
      const table = get(block.table);
      const isWhole = table.isAlone && block.sha256 !== null;
      table.isAlone = false;
      table.inPieces ||= block.partial;
      table.rows += block.rows;
      table.bytes += block.data.length;
      table.range += block.data.length;
      table.ended += block.rows;
      if (table.keyless) table.hash.update(block.data);
      const sha256 = table.keyless ? (block.last ? table.hash.digest('hex') : null) : block.sha256;
      if (sha256 === null) return;
      // An empty block at the end says nothing that the end of the range before it does not say.
      if (table.range > 0) {
        const last = block.cursor?.slice() ?? null;
        const range = { rows: table.ended, bytes: table.range, last, sha256 };
        const { back, ...way } = wayBack(table);
        const made = isWhole && back !== null && urls !== undefined ? table.made : undefined;
        const again =
          made !== undefined && againOf(table, range, { sha256: made, urls: urls ?? 0, back: back ?? undefined });
        file.add({ t: table.number, ...range, ...way, ...placeOf(back, backs), ...again });
      }
      Object.assign(table, newRange());
    },
    remade: (block, { rows, bytes, back, urls, sha256: made }) => {
      const table = get(block.table);
      table.rows += block.rows;
      table.bytes += bytes;
      const range = { rows: block.rows, bytes, last: block.cursor?.slice() ?? null, sha256: block.sha256 ?? '' };
      const again = againOf(table, range, { sha256: made, urls, back });
      file.add({ t: table.number, ...range, made: rows.length, ...placeOf(back, backs), ...again });
      Object.assign(table, newRange());
    },
    refused: (name, rows, complaints, examples) => {
      const { refused } = get(name);
      refused.rows += rows;
      refused.complaints += complaints;
      refused.examples.push(...examples.slice(0, EXAMPLES - refused.examples.length).map(shortened));
    },
    noted: (name) => get(name),
    close: async () => {
      await Promise.all([file.close(), backs.close()]);
    },
  };
}

const wayBack = ({ back, inPieces }: Table) => ({ made: back.bytes, back: inPieces ? null : back.text() });

const placeOf = (text: string | null | undefined, file: BackFile): Pick<OriginRange, 'back'> =>
  text === undefined ? {} : { back: text === null ? null : file.add(text) };

const newRange = () => ({
  range: 0,
  ended: 0,
  back: startWayBack(),
  inPieces: false,
  isAlone: false,
  made: undefined,
});

const newTable = (number: number, { key, rules }: RecordedTable): Table => ({
  number,
  keyless: key === null,
  rules,
  rows: 0,
  bytes: 0,
  hash: createHash('sha256'),
  ...newRange(),
  refused: { rows: 0, complaints: 0, examples: [] },
});

const shortened = (text: string): string => text.slice(0, EXAMPLE_CHARACTERS);
