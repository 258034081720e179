import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import { createContent, type Content } from '../content.ts';
import { median, seconds } from '../measure.ts';
import { phpConfig } from '../php-config.ts';
import { tsvRow } from '../tsv.ts';
import type { Row } from '../table.ts';

const FROM = 'https://shop.example.com';
const TO = 'http://localhost:8101';
const MEGABYTES = 32;
const RUNS = 5;
const BLOCK_BYTES = 1e6;

const KINDS: readonly {
  readonly name: string;
  readonly make: (content: Content) => string;
  readonly matches: boolean;
}[] = [
  { name: 'serialized settings, with matches', make: (content) => content.settings(), matches: true },
  { name: 'serialized settings, without', make: (content) => content.settings(), matches: false },
  { name: 'JSON of a page builder, with matches', make: (content) => content.builder(), matches: true },
  { name: 'posts, with matches', make: (content) => content.post(), matches: true },
  { name: 'posts, without', make: (content) => content.post(), matches: false },
];

/**
 * Rewriting rows as they come over the wire, beside a PHP script that has each value in memory and unserializes, replaces and
 * serializes it. That both come to the same result is checked.
 */
export async function rewriteRows(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wpclone-bench-'));
  try {
    const rows: Row[] = [];
    for (const kind of KINDS) rows.push(await compare(folder, kind));
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compare(folder: string, kind: (typeof KINDS)[number]): Promise<Row> {
  const values = corpus(kind);
  const file = join(folder, 'values');
  writeFileSync(file, Buffer.concat(values.flatMap((value) => [lengthOf(value), value])));
  const blocks = [...blocksOf(values)];
  const megabytes = values.reduce((sum, value) => sum + value.length, 0) / 1e6;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const rewriter = createRewriter({ from: [FROM], to: [TO], paths: [] });
    ours.push(await seconds(() => blocks.forEach((block) => rewriter.rows(block, { skip: new Set() }))));
    const php = runPhp(file);
    theirs.push(php.seconds);
    const results = values.map((value) => rewriter.value(value));
    if (php.sha256 !== hash(results)) throw new Error(`${kind.name}: the PHP script came to another result`);
  }
  const ratio = median(theirs) / median(ours);
  return {
    what: `rewriting: ${kind.name}`,
    ours: `${(megabytes / median(ours)).toFixed(0)} MB/s`,
    beside: `${(megabytes / median(theirs)).toFixed(0)} MB/s, PHP`,
    ratio: `${ratio.toFixed(1)} × faster`,
  };
}

function corpus(kind: (typeof KINDS)[number]): Buffer[] {
  const content = createContent(7, kind.matches ? FROM : 'https://elsewhere.example.org');
  const values: Buffer[] = [];
  for (let size = 0; size < MEGABYTES * 1e6;) {
    const value = Buffer.from(kind.make(content));
    values.push(value);
    size += value.length;
  }
  return values;
}

/** Rows in LOAD DATA's format, in blocks of about a megabyte. */
function* blocksOf(values: readonly Buffer[]): Generator<Buffer> {
  let rows = '';
  for (const [index, value] of values.entries()) {
    rows += tsvRow([index, 'key', value.toString('latin1')]);
    if (rows.length < BLOCK_BYTES && index < values.length - 1) continue;
    yield Buffer.from(rows, 'latin1');
    rows = '';
  }
}

function lengthOf(value: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  return length;
}

function runPhp(file: string): { seconds: number; sha256: string } {
  const script = join(import.meta.dirname, '../php/rewrite.php');
  return JSON.parse(
    execFileSync('php', ['-d', 'memory_limit=-1', script, file, phpConfig(FROM, TO)], { encoding: 'utf8' }),
  );
}

function hash(values: readonly Buffer[]): string {
  const sum = createHash('sha256');
  for (const value of values) sum.update(value);
  return sum.digest('hex');
}
