export { sizeOfLeft } from '../transfer/files/left.ts';
export { addressOfRows, isDraft, isRows, keptFiles, keptRows, keptTables, moveRows } from '../transfer/earlier/keep.ts';
