import { readdir } from 'node:fs/promises';
import type { WorkContext } from '../../shared/context.ts';
import type { UnitRow } from '../../state/types.ts';
import type { UnitFinding } from '../units.ts';
import { tablesOf } from './databases.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
import { serve } from './serve.ts';
import { answers } from './web-server.ts';

/** Whether a unit can be handed out: its server answers, and nothing of anybody is in it. Starts what a crash stopped. */
export async function examineUnit(
  home: LocalHome,
  unit: UnitRow,
  context: WorkContext,
): Promise<readonly UnitFinding[]> {
  const paths = instancePaths(home.layout, unit.name);
  await serve(home, unit, context);
  const [answered, tables, www, baseline, mail] = await Promise.all([
    answers(paths, unit.port),
    tablesOf(home.layout, unit.name, context),
    readdir(paths.www),
    readdir(paths.baseline),
    readdir(paths.mail),
  ]);
  const found = (check: UnitFinding['check'], left: readonly string[]): UnitFinding => ({
    check,
    ok: left.length === 0,
    detail: left.length === 0 ? '' : `${left.length} left`,
  });
  return [
    { check: 'answers', ok: answered, detail: answered ? '' : 'its web server does not answer' },
    found('empty-files', [...www, ...baseline]),
    found('empty-database', tables),
    found('no-mail', mail),
  ];
}
