/** For those who read settings or take requests: nothing else of a pool is loaded with it. */
export { type PoolSizes, poolSizesSchema } from '../pool/sizes.ts';
