export { addressOfRows, isDraft, isRows, keptRows, keptTables, moveRows } from '../transfer/earlier/keep.ts';
