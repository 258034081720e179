import { AGENT_PARTS } from './agent/parts.ts';
import { freshRows } from './parts/fresh.ts';
import { kubernetesRows } from './parts/kubernetes.ts';
import { largeRows } from './parts/large.ts';
import { recycleRows } from './parts/recycle.ts';
import { resetRows } from './parts/reset.ts';
import { restoreHeldRows } from './parts/restore-held.ts';
import { restoreRows } from './parts/restore.ts';
import { secondRows } from './parts/second.ts';
import { rewriteRows } from './parts/rewrite.ts';
import { tablesRows } from './parts/tables.ts';
import { versionRows } from './parts/version.ts';
import { machine, markdown, type Row } from './table.ts';

const PARTS: Readonly<Record<string, () => Promise<Row[]>>> = {
  rewrite: rewriteRows,
  tables: tablesRows,
  large: largeRows,
  second: secondRows,
  reset: resetRows,
  fresh: freshRows,
  version: versionRows,
  ...AGENT_PARTS,
  restore: restoreRows,
  held: restoreHeldRows,
  // Needs KUBECONFIG; left out without it.
  ...(process.env['KUBECONFIG'] === undefined ? {} : { kubernetes: kubernetesRows, recycle: recycleRows }),
};

/** `agent` stands for all that begin with it. */
const wanted = process.argv.slice(2).flatMap((name) => (name === 'agent' ? Object.keys(AGENT_PARTS) : [name]));
const names = wanted.length > 0 ? wanted : Object.keys(PARTS);
const rows: Row[] = [];
for (const name of names) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`No part ${name}; there are ${Object.keys(PARTS).join(', ')}.`);
  rows.push(...(await part()));
}
console.log(`${markdown(rows)}\n\nMedians, each ratio within one run. Machine: ${machine()}.`);
