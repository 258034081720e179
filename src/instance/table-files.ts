import type { TransferSite } from '../transfer/types.ts';

export { dropTableFiles, isMarked } from '../transfer/table-files/folder.ts';

/** See src/transfer/table-files/make.ts; its code is only loaded where there is something to do. */
export async function makeTableFiles(site: TransferSite, signal: AbortSignal): Promise<void> {
  const transfer = await import('../transfer/transfer.ts');
  await transfer.makeTableFiles(site, signal);
}
