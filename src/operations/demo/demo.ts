import type { WorkContext } from '../../shared/context.ts';
import type { Operations } from '../types.ts';
import type { CloneResult } from '../clone-report.ts';
import { ensureDemoSource, findDemoSource, removeDemoSource, type DemoSource } from './source.ts';

export interface DemoReport {
  readonly source: DemoSource;
  readonly clone: CloneResult;
}

/** Makes the demonstration's source unless it is there, and clones it. `say` is told what takes longer than a moment. */
export async function makeDemo(
  home: string,
  ttlSeconds: number,
  operations: Pick<Operations, 'clone'>,
  context: WorkContext,
  say: (line: string) => void,
): Promise<DemoReport> {
  const source = await ensureDemoSource(home, context, say);
  const request = {
    url: source.url,
    username: source.username,
    insecureTls: false,
    ttlSeconds,
    media: 'copy' as const,
    excludeTables: [],
    excludePaths: [],
    keepMail: false,
    defines: {},
    strict: false,
  };
  return { source, clone: await operations.clone(request, { password: async () => source.password }, context) };
}

/** Takes the demonstration's clones and its source away; idempotent. Returns the ids of the clones. */
export async function removeDemo(
  home: string,
  operations: Pick<Operations, 'list' | 'delete' | 'disconnect'>,
  context: WorkContext,
): Promise<readonly string[]> {
  const source = await findDemoSource(home);
  const clones = source ? (await operations.list(context)).filter((clone) => clone.source.url === source.url) : [];
  for (const clone of clones) await operations.delete(clone.clone_id, context);
  if (source) {
    // A source that no longer answers takes its plugin with it.
    await operations.disconnect(source.url, { insecureTls: false }, {}, context).catch(() => undefined);
  }
  await removeDemoSource(home, context);
  return clones.map((clone) => clone.clone_id);
}
