import { createHash, type Hash } from 'node:crypto';
import type { RowBlock } from '../../site/client-types.ts';
import type { Replaced } from '../rewrite/types.ts';
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
  /** So many bytes went into the table's file of rows. */
  wrote(table: string, bytes: number): void;
  /** A block as the source sent it, after all that became of it. */
  block(block: RowBlock): void;
  /** What the clone's server said to the rows. */
  refused(table: string, rows: number, complaints: number, examples: readonly string[]): void;
  noted(table: string): Noted;
  close(): Promise<void>;
}

const EXAMPLES = 5;
const EXAMPLE_CHARACTERS = 300;

interface Table {
  readonly number: number;
  readonly keyless: boolean;
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
  readonly refused: { rows: number; complaints: number; examples: string[] };
}

/**
 * Starts a record of the tables, which replaces an earlier one. Digests of tables with a key have been computed when their frames
 * were checked, so that noting them costs nothing; one without a key is hashed here.
 */
export async function startRecorder(
  baseline: string,
  tables: readonly { readonly name: string; readonly key: readonly string[] | null }[],
): Promise<Recorder> {
  await clearOrigin(baseline, ['database.json', 'ids.json']);
  const file = await openRanges(baseline);
  const backs = await openBackFile(baseline);
  const known = new Map(tables.map(({ name, key }, number) => [name, newTable(number, key === null)]));
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
    rewriting: (block) => get(block.table).back.of(block.data),
    wrote: (name, bytes) => get(name).back.became(bytes),
    block: (block) => {
      const table = get(block.table);
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
        file.add({ t: table.number, rows: table.ended, bytes: table.range, last, sha256, ...wayBack(table, backs) });
      }
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

function wayBack({ back, inPieces }: Table, file: BackFile): Pick<OriginRange, 'made' | 'back'> {
  const text = inPieces ? null : back.text();
  return { made: back.bytes, ...(text === undefined ? {} : { back: text === null ? null : file.add(text) }) };
}

const newRange = () => ({ range: 0, ended: 0, back: startWayBack(), inPieces: false });

const newTable = (number: number, keyless: boolean): Table => ({
  number,
  keyless,
  rows: 0,
  bytes: 0,
  hash: createHash('sha256'),
  ...newRange(),
  refused: { rows: 0, complaints: 0, examples: [] },
});

const shortened = (text: string): string => text.slice(0, EXAMPLE_CHARACTERS);
