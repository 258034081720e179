import { arch, cpus, totalmem, type } from 'node:os';

/** A line of the table. `ratio` compares the two within this run. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly beside: string;
  readonly ratio: string;
}

export function markdown(rows: readonly Row[]): string {
  const lines = rows.map((row) => `| ${row.what} | ${row.ours} | ${row.beside} | ${row.ratio} |`);
  return ['| what | wpclone | beside it | ratio |', '|---|---|---|---|', ...lines].join('\n');
}

export function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = processors[0]?.model ?? 'unknown processor';
  return `${processors.length} × ${model}, ${memory} GB, ${type()} ${arch()}, Node ${process.versions.node}`;
}
