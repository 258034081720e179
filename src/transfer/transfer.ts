export { importDatabase } from './database/import.ts';
export { resetDatabase } from './database/reset.ts';
export { importFiles } from './files/import.ts';
export { resetFiles } from './files/reset.ts';
export { makeTableFiles } from './table-files/make.ts';
export { settleMarks } from './table-files/mark.ts';
export type {
  DatabaseResult,
  FilesResult,
  TransferContext,
  TransferInput,
  TransferSite,
  TransferTask,
} from './types.ts';
