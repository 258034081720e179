import { z } from 'zod';
import { toWpcloneError } from '../../shared/errors.ts';
import { poolSizesSchema } from '../../operations/pool-sizes.ts';
import { parseSize } from '../size.ts';
import { parseKeepJobs, parseTtl } from '../ttl.ts';

/**
 * What the configuration files may hold; the keys are named like the flags. What would weaken a clone's safety or send a
 * password elsewhere (--insecure, --keep-mail, --allow-exec, --login-url) is not among them: such a file may come with somebody's repository.
 */
export const settingsSchema = z.strictObject({
  runtime: z.enum(['local', 'kubernetes']).optional(),
  username: z.string().min(1).optional(),
  ttl: z.string().superRefine(checked(parseTtl)).optional(),
  media: z.enum(['copy', 'proxy']).optional(),
  'exclude-table': z.array(z.string()).optional(),
  'include-table': z.array(z.string()).optional(),
  'exclude-path': z.array(z.string()).optional(),
  'sources-limit': z.string().superRefine(checkSize).optional(),
  'keep-rows': z.enum(['with-clone', 'a-day']).optional(),
  agent: z.string().min(1).optional(),
  'agent-token-file': z.string().min(1).optional(),
  /** How many instances an agent keeps ready. */
  pool: poolSizesSchema.optional(),
  /** How long an agent remembers jobs. */
  'keep-jobs': z.string().superRefine(checked(parseKeepJobs)).optional(),
  kubernetes: z.record(z.string(), z.unknown()).optional(),
});

/** How each is written in a file, for whoever wrote it otherwise. */
export const EXAMPLES: Readonly<Record<keyof Settings, string>> = {
  runtime: 'local',
  username: 'admin',
  ttl: '30m',
  media: 'copy',
  'exclude-table': "['*_log']",
  'include-table': "['acme_*']",
  'exclude-path': "['wp-content/uploads/videos/**']",
  'sources-limit': '10GB',
  'keep-rows': 'a-day',
  agent: 'https://clones.example',
  'agent-token-file': '/home/me/token.txt',
  pool: "{ min: 1, max: 2, php: ['8.2'] }",
  'keep-jobs': '30d',
  kubernetes: '{ namespace: wordpress-staging }',
};

/**
 * Passwords go to the agent, rows are people's data, and an agent remembers the jobs of all repositories: only the user's own file may
 * say so, not one that came with a repository.
 */
export const USER_ONLY = [
  'agent',
  'agent-token-file',
  'keep-rows',
  'keep-jobs',
] as const satisfies readonly (keyof Settings)[];

/** Here rather than when it is used, so that the message names the file. */
function checked(parse: (text: string) => number): (text: string, issues: z.RefinementCtx) => void {
  return (text, issues) => {
    try {
      parse(text);
    } catch (error) {
      issues.addIssue({ code: 'custom', message: toWpcloneError(error).message.replace(/\.$/, '') });
    }
  };
}

function checkSize(text: string, issues: z.RefinementCtx): void {
  if (parseSize(text) === undefined)
    issues.addIssue({ code: 'custom', message: `"${text}" is not a size such as 10GB` });
}

export type Settings = z.infer<typeof settingsSchema>;

/** Environment variables and the settings they stand for. */
export const ENVIRONMENT = {
  WPCLONE_RUNTIME: 'runtime',
  WPCLONE_USERNAME: 'username',
  WPCLONE_TTL: 'ttl',
  WPCLONE_MEDIA: 'media',
  WPCLONE_EXCLUDE_TABLE: 'exclude-table',
  WPCLONE_INCLUDE_TABLE: 'include-table',
  WPCLONE_EXCLUDE_PATH: 'exclude-path',
  WPCLONE_SOURCES_LIMIT: 'sources-limit',
  WPCLONE_KEEP_ROWS: 'keep-rows',
  WPCLONE_KEEP_JOBS: 'keep-jobs',
  WPCLONE_AGENT: 'agent',
  WPCLONE_AGENT_TOKEN_FILE: 'agent-token-file',
} as const satisfies Record<string, keyof Settings>;

/** `WPCLONE_KUBERNETES_INGRESS_CLASS` is `ingressClass` under `kubernetes`. */
export const KUBERNETES_PREFIX = 'WPCLONE_KUBERNETES_';
