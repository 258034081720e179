import * as Flags from '@oclif/core/flags';
import { WpcloneError } from '../shared/errors.ts';
import type { CloneRequest } from '../operations/types.ts';
import { parseDefines, parsePhpVersion } from '../operations/defines.ts';
import type { Settings } from './config/schema.ts';
import { sourceFlags } from './flags.ts';
import { checkName } from './names.ts';

/** What is copied and how the copy is to be; for every command that makes one. */
export const cloneFlags = {
  ...sourceFlags,
  name: Flags.string({ char: 'n', helpValue: 'NAME', summary: 'Name of the clone. [default: made from the host]' }),
  replace: Flags.boolean({
    default: false,
    summary: 'Where a clone has the --name, remove that one once the new one is ready.',
  }),
  media: Flags.string({
    options: ['copy', 'proxy'],
    summary: 'Copy uploads (default), or fetch each from the source when it is first asked for.',
  }),
  'exclude-table': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'PATTERN',
    summary: "Leave out the rows of matching tables, such as '*_log'; may be given more than once.",
  }),
  'include-table': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'PATTERN',
    summary:
      "Copy matching tables that have not the prefix of the site, such as 'acme_*'; may be given more than once.",
  }),
  'exclude-path': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'PATTERN',
    summary: "Leave out matching files and folders, such as 'wp-content/uploads/**'; may be given more than once.",
  }),
  'id-gap': Flags.integer({
    min: 0,
    helpValue: 'N',
    summary:
      'How far above the site’s IDs those of new posts, users and so on begin in the clone, so that both can be told apart later. [default: by the site’s growth, at least 1000]',
  }),
  define: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: 'NAME=VALUE',
    summary:
      "Define a constant in the clone's wp-config.php: true, false, null, a number or text; may be given more than once.",
  }),
  php: Flags.string({
    helpValue: 'VERSION',
    summary: "Run the clone on this PHP, such as 8.2. [default: the nearest to the site's]",
  }),
  'keep-mail': Flags.boolean({ summary: 'Let the clone send mail instead of catching it.', default: false }),
  strict: Flags.boolean({
    summary: 'Keep no clone that differs from its source: what would be a warning fails the command.',
    default: false,
  }),
  'allow-exec': Flags.boolean({
    summary: 'Let the clone’s PHP start programs, such as an image optimiser; what those do is not held back.',
    default: false,
  }),
};

/** What `cloneFlags` say. */
export interface CloneFlagValues {
  readonly username?: string | undefined;
  readonly 'login-url'?: string | undefined;
  readonly insecure: boolean;
  readonly name?: string | undefined;
  readonly replace: boolean;
  readonly media?: string | undefined;
  readonly 'exclude-table'?: readonly string[] | undefined;
  readonly 'include-table'?: readonly string[] | undefined;
  readonly 'exclude-path'?: readonly string[] | undefined;
  readonly 'id-gap'?: number | undefined;
  readonly define?: readonly string[] | undefined;
  readonly php?: string | undefined;
  readonly 'keep-mail': boolean;
  readonly strict: boolean;
  readonly 'allow-exec': boolean;
}

/** The request that flags and settings make for a clone of `url`. Throws BAD_INPUT. */
export function cloneRequest(
  url: string,
  flags: CloneFlagValues,
  settings: Settings,
  ttlSeconds: number,
): CloneRequest {
  // Not oclif's dependsOn, for which a default of false counts as given.
  if (flags.replace && flags.name === undefined) {
    throw new WpcloneError('BAD_INPUT', 'Say with --name which clone is to be replaced.');
  }
  const username = flags.username ?? settings.username;
  return {
    url,
    ...(username === undefined ? {} : { username }),
    ...(flags['login-url'] === undefined ? {} : { loginUrl: flags['login-url'] }),
    ...(flags.name === undefined ? {} : { name: checkName(flags.name) }),
    ...(flags.replace ? { replace: true } : {}),
    insecureTls: flags.insecure,
    ttlSeconds,
    media: (flags.media ?? settings.media) === 'proxy' ? 'proxy' : 'copy',
    excludeTables: flags['exclude-table'] ?? settings['exclude-table'] ?? [],
    includeTables: flags['include-table'] ?? settings['include-table'] ?? [],
    excludePaths: flags['exclude-path'] ?? settings['exclude-path'] ?? [],
    ...(flags['id-gap'] === undefined ? {} : { idGap: flags['id-gap'] }),
    keepMail: flags['keep-mail'],
    defines: parseDefines(flags.define ?? []),
    ...(flags.php === undefined ? {} : { php: parsePhpVersion(flags.php) }),
    strict: flags.strict,
    allowExec: flags['allow-exec'],
  };
}
