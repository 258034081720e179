export { isDraft, isRows, keptRows, moveRows } from '../transfer/earlier/keep.ts';
