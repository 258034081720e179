import * as Flags from '@oclif/core/flags';
import { argument } from './argument.ts';
import type { WrittenRequest } from '../operations/types.ts';
import { agentFlags, sourceFlags } from './flags.ts';

export const restoreArgument = argument({
  name: 'RESTORE',
  required: true,
  description: 'Id of the restore: wpclone restore list.',
});

/** For commands that log in to the live site of a restore. */
export const writtenFlags = {
  to: Flags.string({ helpValue: 'URL', summary: 'The live site, where this machine does not know the restore.' }),
  events: Flags.boolean({ summary: 'Print one JSON object per line; the last one is the result.' }),
  ...sourceFlags,
  ...agentFlags,
};

/** Which site, and how to log in to it, as flags say. */
export const writtenRequest = (
  flags: { readonly to?: string | undefined; readonly 'login-url'?: string | undefined; readonly insecure: boolean },
  username: string | undefined,
): WrittenRequest => ({
  ...(username === undefined ? {} : { username }),
  ...(flags['login-url'] === undefined ? {} : { loginUrl: flags['login-url'] }),
  ...(flags.to === undefined ? {} : { to: flags.to }),
  insecureTls: flags.insecure,
});
