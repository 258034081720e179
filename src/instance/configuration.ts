import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { siteInfoSchema, type SiteInfo } from '../site/info.ts';
import { KEY_NAMES } from './constant-names.ts';
import type { ConfigureTask, InstancePaths } from './types.ts';
import { writeWhole } from '../shared/whole-file.ts';

/** What it takes to configure the clone again after a reset: the task without its password, and the clone's own keys. */
const configurationSchema = z.object({
  cloneId: z.string(),
  cloneUrl: z.string(),
  info: siteInfoSchema,
  media: z.enum(['copy', 'proxy']),
  adminUsername: z.string(),
  keepMail: z.boolean(),
  insecureTls: z.boolean(),
  keys: z.record(z.string(), z.string()),
  defines: z.record(z.string(), z.json()).default({}),
});
export type Configuration = z.infer<typeof configurationSchema>;

/** The configuration of a new clone, with keys and salts of its own. */
export function newConfiguration(task: ConfigureTask, randomBytes: (size: number) => Buffer): Configuration {
  const keys = Object.fromEntries(KEY_NAMES.map((name) => [name, randomBytes(48).toString('base64')]));
  return {
    cloneId: task.cloneId,
    cloneUrl: task.cloneUrl,
    info: withoutTables(task.info),
    media: task.media,
    adminUsername: task.admin.username,
    keepMail: task.keepMail,
    insecureTls: task.insecureTls,
    keys,
    defines: task.defines,
  };
}

/** The definitions of tables are kept with the baseline's contents; here they would only weigh. */
const withoutTables = (info: SiteInfo): SiteInfo => ({ ...info, tables: [], views: [], triggers: [] });

const fileOf = (paths: InstancePaths): string => join(paths.baseline, 'configuration.json');

/** Keeps the configuration beside the baseline, for the next reset. */
export async function saveConfiguration(paths: InstancePaths, configuration: Configuration): Promise<void> {
  await writeWhole(fileOf(paths), JSON.stringify(configuration), 0o600);
}

/** The configuration as it was saved. Throws when the clone was never configured. */
export async function loadConfiguration(paths: InstancePaths): Promise<Configuration> {
  return configurationSchema.parse(JSON.parse(await readFile(fileOf(paths), 'utf8')));
}
