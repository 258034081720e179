import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SiteInfo } from '../../src/site/info.ts';
import type { SiteClient } from '../../src/site/client-types.ts';
import { importFiles, resetFiles } from '../../src/transfer/transfer.ts';
import { planMapping } from '../../src/transfer/rewrite/plan.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import type {
  EarlierClone,
  FilesResult,
  TransferContext,
  TransferSite,
  TransferTask,
} from '../../src/transfer/types.ts';
import { directClient, type Asked } from './direct-client.ts';
import { siteInfo } from './site-info.ts';
import { makeTemp, run } from './temp.ts';

export interface FileSite {
  /** The source's document root, with a WordPress-like layout. */
  readonly source: string;
  readonly info: SiteInfo;
  /** An instance of its own for each number; all share one store. */
  site(number: number): TransferSite;
  copy(
    number: number,
    options?: {
      task?: Partial<TransferTask>;
      context?: Partial<TransferContext>;
      client?: Partial<SiteClient>;
      cloneUrl?: string;
      now?: () => number;
      earlier?: readonly EarlierClone[];
    },
  ): Promise<FilesResult & { readonly asked: Asked }>;
  reset(number: number): Promise<void>;
  remove(): void;
}

/** The files that a test makes have just changed; a source's mostly have not. */
const anHourLater = (): number => Date.now() + 3_600_000;

/** A real folder to copy from. `setUp` is a shell script that runs in it; all its files look an hour old. */
export async function makeFileSite(setUp: string): Promise<FileSite> {
  const folder = makeTemp('files');
  const source = join(folder, 'source');
  mkdirSync(join(source, 'wp-content/uploads'), { recursive: true });
  await run(['bash', '-euc', `cd '${source}'\n${setUp}\nfind . -exec touch -h -d '1 hour ago' {} +`]);
  const info = siteInfo({
    roots: [{ id: 'core', path: source, place: '' }],
    paths: {
      abspath: source,
      content: `${source}/wp-content`,
      plugins: `${source}/wp-content/plugins`,
      muPlugins: `${source}/wp-content/mu-plugins`,
      uploads: `${source}/wp-content/uploads`,
    },
  });
  const site = (number: number): TransferSite => ({
    paths: { www: join(folder, `${number}`, 'www'), baseline: join(folder, `${number}`, 'baseline') },
    database: { user: '', password: '', database: '' },
    store: join(folder, 'store'),
  });
  const context: TransferContext = { signal: new AbortController().signal, progress: () => undefined };
  return {
    source,
    info,
    site,
    copy: async (
      number,
      {
        task,
        context: changes,
        client: changed,
        cloneUrl = 'http://localhost:8101',
        now = anHourLater,
        earlier = [],
      } = {},
    ) => {
      const client = directClient({ socket: '', database: '', info });
      const result = await importFiles({
        client: { ...client, ...changed },
        task: { info, media: 'copy', excludeTables: [], excludePaths: [], ttlSeconds: 1800, ...task },
        site: { ...site(number), earlier: async () => earlier },
        rewriter: createRewriter(planMapping(info, cloneUrl, site(number).paths.www)),
        context: { ...context, ...changes },
        now,
        randomBytes,
      });
      return { ...result, asked: client.asked };
    },
    reset: (number) => resetFiles(site(number), context),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
