/**
 * Copies tables or files in a process of its own and prints the most memory it ever had resident, in bytes. Takes a
 * CopyOrder as JSON on standard input.
 */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { SourceAccess } from '../../src/site/access.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import { importDatabase, importFiles } from '../../src/transfer/transfer.ts';
import { planMapping } from '../../src/transfer/rewrite/plan.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import type { TransferSite } from '../../src/transfer/types.ts';
import { testClient } from './migrator.ts';

export interface CopyOrder {
  readonly what: 'database' | 'files';
  readonly access: SourceAccess;
  readonly info: SiteInfo;
  readonly site: TransferSite;
}

const order: CopyOrder = JSON.parse(await text(process.stdin));
const { access, info, site } = order;
const client = testClient(access);
const input = {
  client,
  task: { info, media: 'copy', excludeTables: [], excludePaths: [], ttlSeconds: 1800 },
  site,
  rewriter: createRewriter(planMapping(info, 'http://localhost:8101', site.paths.www)),
  context: { signal: new AbortController().signal, progress: () => undefined },
  now: Date.now,
  randomBytes,
} as const;
await (order.what === 'database' ? importDatabase(input) : importFiles(input));
await client.close();
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
