import type { WorkContext } from '../../shared/context.ts';
import type { UnitRow } from '../../state/types.ts';
import { emptyFindings } from '../unit-findings.ts';
import type { UnitFinding } from '../units.ts';
import { wakeDatabase } from './database-server.ts';
import { databaseAddress } from './databases.ts';
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
  // Brings the database's driver, which an agent without a pool has no use for.
  const { examineInstance } = await import('../../instance/examine.ts');
  const paths = instancePaths(home.layout, unit.name);
  await Promise.all([wakeDatabase(home.layout, context), serve(home, unit, context)]);
  const database = databaseAddress(home.layout, unit.name, unit.databasePassword);
  const [answered, left] = await Promise.all([
    answers(paths, unit.port),
    examineInstance({ paths, database }, context.signal),
  ]);
  const said = { check: 'answers', ok: answered, detail: answered ? '' : 'its web server does not answer' } as const;
  return [said, ...emptyFindings(left)];
}
