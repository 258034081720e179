import * as Args from '@oclif/core/args';

/** An argument of a command. oclif would take one that is missing from standard input, where passwords come from. */
export const argument = Args.custom({ ignoreStdin: true });
