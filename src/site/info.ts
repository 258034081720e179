import { z } from 'zod';
import { PROTOCOL } from './protocol.ts';
import { restoreStateSchema } from './write/answers.ts';

const address = z.url({ protocol: /^https?$/ });

/** What the migrator says about its site, checked at the edge: everything in it is the site's word and hostile. */
const columnSchema = z.object({
  name: z.string(),
  /** The full column type as in information_schema.COLUMNS.COLUMN_TYPE, lower case. */
  type: z.string(),
  charset: z.string().nullable(),
  generated: z.boolean(),
});

const tableSchema = z.object({
  name: z.string(),
  engine: z.string(),
  /** The server's estimate. */
  rows: z.number(),
  dataBytes: z.number(),
  /** SHOW CREATE TABLE; empty when the server does not give it. */
  definition: z.string(),
  /** What the server said instead of giving the definition. */
  problem: z.string().nullish(),
  columns: z.array(columnSchema),
  /** Columns of the key that orders the reading (primary, else a unique key without nullable columns); null when there is none. */
  key: z.array(z.string()).nullable(),
});

const viewSchema = z.object({ name: z.string(), definition: z.string(), problem: z.string().nullish() });

const fileRootSchema = z.object({
  /** Stable within a site: core, content, plugins, muplugins, uploads, home, link-N, above-N. */
  id: z.string().regex(/^[a-z0-9-]+$/),
  /** The absolute real path at the source. */
  path: z.string(),
  /** The path under the origin of the site's URL at which the folder is served, without slashes at the ends; '' is the origin. */
  place: z.string(),
});

/** What is behind the source's wp-config.php. Paths are absolute at the source. */
const configurationSchema = z.object({
  /** Names of constants whose values are not told: secrets, and what is no plain value. */
  withheld: z.array(z.string()).default([]),
  /** Names of constants that hold the path of a file or folder that is there. */
  paths: z.array(z.string()).default([]),
  /** Files of Composer that load classes. */
  autoloaders: z.array(z.string()).default([]),
  /** Other files that wp-config.php loads. */
  others: z.array(z.string()).default([]),
  /** The file that PHP runs before every script (auto_prepend_file), or ''. */
  prepended: z.string().default(''),
  /** Functions, with parentheses, and classes that wp-config.php itself makes. */
  code: z.array(z.string()).default([]),
  /** Global variables that it sets, as far as they hold no secret; the names of the others. */
  variables: z.record(z.string(), z.json()).default({}),
  keptBack: z.array(z.string()).default([]),
});

/** Where code cannot be written: folders by their word (plugins, mu-plugins, themes, languages) with the reason, and single packages. */
const codeWritesSchema = z.object({
  /** PHP's empty array stands for an empty object too. */
  closed: z
    .union([z.record(z.string(), z.string()), z.array(z.never())])
    .transform((closed): Readonly<Record<string, string>> => (Array.isArray(closed) ? {} : closed)),
  /** `plugins:forms` in base64, also once this was read: a pod reads it again. It is a link, or PHP may not write to it. */
  stuck: z.array(z.string()),
});

const givenInfoSchema = z.object({
  protocol: z.literal(PROTOCOL),
  /** Version of the form in which it sends rows: digests of rows can be compared within one. */
  rowFormat: z.number().int().default(1),
  wordpressVersion: z.string(),
  phpVersion: z.string(),
  /** What the web server calls itself; '' when it does not say. */
  serverSoftware: z.string().default(''),
  database: z.object({
    version: z.string(),
    flavor: z.enum(['mysql', 'mariadb']),
    /** Upper and lower case in tables' names are the same to it; then all names here are as the site spells them. */
    ignoresCase: z.boolean().optional(),
  }),
  multisite: z.boolean(),
  /** Without trailing slashes. */
  home: address,
  siteurl: address,
  tablePrefix: z.string(),
  /** DB_CHARSET, as WordPress settled it; may be empty. */
  charset: z.string(),
  /** The character set that PHP gets results in. */
  connectionCharset: z.string().optional(),
  collate: z.string(),
  paths: z.object({
    abspath: z.string(),
    content: z.string(),
    plugins: z.string(),
    muPlugins: z.string(),
    uploads: z.string(),
  }),
  /** Whole, also where the site has them from the top of its host only (WP_CONTENT_URL = '/wp-content'). */
  urls: z.object({ content: z.string(), plugins: z.string(), uploads: z.string() }),
  /** Folders to copy; none lies inside another. */
  roots: z.array(fileRootSchema),
  tables: z.array(tableSchema),
  views: z.array(viewSchema),
  /** Tables and views without the site's prefix that belong to no other WordPress either; `names`: those that are not described. */
  others: z.object({ tables: z.array(tableSchema), views: z.array(viewSchema), names: z.array(z.string()) }).optional(),
  triggers: z.array(z.object({ name: z.string(), table: z.string(), definition: z.string() })),
  /** What of the site's part of the database the migrator cannot read out, and what it is (sequence, …). */
  leftOut: z.array(z.object({ name: z.string(), kind: z.string() })).optional(),
  /** The number of the user who gave the key that asks. */
  administrator: z.number().int().nonnegative().optional(),
  /** Restores of which it still has something, and where they stand. */
  restores: z.array(z.object({ id: z.string(), state: restoreStateSchema })).optional(),
  /** New IDs per day, of tables that say when a row was made. */
  growth: z.array(z.object({ table: z.string(), perDay: z.number() })).default([]),
  /** Longer prefixes of other WordPress sites in the same schema, whose tables are left alone. */
  otherPrefixes: z.array(z.string()),
  /** Constants that the source's wp-config.php and its files define, without secrets. */
  constants: z.record(z.string(), z.json()),
  /**
   * What a restore could do with files there: whether PHP may write to the uploads, bytes that are free, whether names that differ by case
   * only are one, and what it may do to code.
   */
  writes: z
    .object({
      uploads: z.boolean(),
      free: z.number().nullable(),
      folds: z.boolean().optional(),
      code: codeWritesSchema.optional(),
      /** It can make and alter tables. */
      tables: z.boolean().optional(),
      /** What the database lacks without which nothing can be written: CREATE, DROP (rights), INNODB. */
      missing: z.array(z.string()).optional(),
    })
    .optional(),
  configuration: configurationSchema.default(() => configurationSchema.parse({})),
  /** How PHP is called by its web server, and whether it takes `<?` alone for a beginning of code. */
  php: z.object({ sapi: z.string(), shortOpenTag: z.boolean() }).default({ sapi: '', shortOpenTag: false }),
});

export const siteInfoSchema = givenInfoSchema.transform((info, context) => {
  const whole = (url: string): string => {
    const href = URL.canParse(url) ? url : (URL.parse(url, info.home)?.href ?? '');
    if (!address.safeParse(href).success) context.addIssue({ code: 'custom', path: ['urls'], message: 'no address' });
    return href;
  };
  const { content, plugins, uploads } = info.urls;
  return { ...info, urls: { content: whole(content), plugins: whole(plugins), uploads: whole(uploads) } };
});

export type SiteInfo = z.infer<typeof siteInfoSchema>;
export type TableInfo = z.infer<typeof tableSchema>;
export type FileRoot = z.infer<typeof fileRootSchema>;
