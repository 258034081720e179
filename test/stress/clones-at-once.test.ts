import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloneArguments, passwordOf, type Report, useCommands } from '../cluster/commands.ts';
import { visit } from '../cluster/pages.ts';
import { cloneId, HOST, useNamespace } from '../cluster/support.ts';
import { startSource, type Source } from '../support/source/index.ts';

const REASON = 'KUBECONFIG names no cluster';

describe.skipIf(process.env['KUBECONFIG'] === undefined)(`clones on a cluster (skipped where ${REASON})`, () => {
  const namespace = useNamespace('at-once');
  const commands = useCommands(namespace);
  let source: Source;
  beforeAll(async () => {
    source = await startSource({ host: HOST });
  });
  afterAll(() => source.stop());

  it('ten at once from ten command lines: all succeed, none interferes', async () => {
    const ids = Array.from({ length: 10 }, () => cloneId('ten'));
    const made = ids.map((id) => commands.json<Report>(cloneArguments(source, '--name', id), passwordOf(source)));
    const reports = await Promise.all(made);
    expect(reports.map(({ clone_id, status }) => [clone_id, status])).toEqual(ids.map((id) => [id, 'ready']));
    expect(new Set(reports.map(({ clone_url }) => clone_url)).size).toBe(10);
    for (const report of reports) {
      const answer = await visit(namespace, report, '/');
      expect([report.clone_id, answer.statusCode]).toEqual([report.clone_id, 200]);
      expect(await answer.body.text()).toContain(report.clone_url);
    }
    await Promise.all(ids.map((id) => commands.run(['delete', id, '--force'])));
    expect((await Promise.all(ids.map((id) => namespace.belongings(id)))).flat()).toEqual([]);
  });
});
