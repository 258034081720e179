/**
 * What the site that is written to is to the clone: the one that was cloned; a fresh copy of that one, which is the same but for its
 * addresses; or any other, of which the clone remembers nothing.
 */
export const KINS = ['source', 'copy', 'other'] as const;
export type Kin = (typeof KINS)[number];
