export { isRows, keptRows, moveRows } from '../transfer/earlier/keep.ts';
