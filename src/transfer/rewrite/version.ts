/** To be raised whenever the rewriter would make other bytes of the same row: clones remember with which one they were made. */
export const REWRITER_VERSION = 3;
