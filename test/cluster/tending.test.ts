import { afterAll, expect, test } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { changedKubeconfig, useCommands } from './commands.ts';
import { context, eventually, useNamespace } from './support.ts';

const namespace = useNamespace('tending');
const [home, otherHome] = [useCommands(namespace), useCommands(namespace)];
const agents: AgentProcess[] = [];
afterAll(async () => {
  for (const agent of agents) await agent.end('SIGKILL');
});

/** A runtime on a clock that the test moves, as another process would have it. */
async function tender(settings: { kubeconfig?: string } = {}) {
  let ahead = 0;
  const said: string[] = [];
  const note = (message: string): void => void said.push(message);
  const runtime = await namespace.runtime(settings, { now: () => Date.now() + ahead });
  const work = context({ log: { debug: note, info: note, warn: note } });
  return {
    runtime,
    said,
    pass: (milliseconds: number) => (ahead += milliseconds),
    may: async () => runtime.mayTend?.(work),
  };
}

test('one of those who see a namespace clears up in it; another does at once when it leaves, and after a minute when it is dead', async () => {
  const [one, two] = [await tender(), await tender()];
  expect(await Promise.all([one.may(), one.may()])).toEqual([true, true]);
  expect(await two.may()).toBe(false);
  // It lives, and says so.
  one.pass(50_000);
  two.pass(50_000);
  expect([await one.may(), await two.may()]).toEqual([true, false]);
  two.pass(50_000);
  expect(await two.may()).toBe(false);
  two.pass(11_000);
  expect(await two.may()).toBe(true);
  // It was only asleep, and finds that out.
  one.pass(11_000);
  expect(await one.may()).toBe(false);
  expect(one.said).toEqual(['this agent clears up in the namespace', 'another agent clears up in this namespace']);
  await two.runtime.close?.();
  expect(await one.may()).toBe(true);
  await one.runtime.close?.();
});

test('of twenty that ask at once, one may', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => tender()));
  const answers = await Promise.all(all.map(({ may }) => may()));
  expect(answers.filter(Boolean)).toHaveLength(1);
  for (const { runtime } of all) await runtime.close?.();
});

test('who may not use Leases, on a cluster that was set up before there were any, is told by check; an agent works and says that it removes nothing', async () => {
  const rbac = 'apis/rbac.authorization.k8s.io/v1';
  const name = 'before@example.org';
  const rules = [{ apiGroups: [''], resources: ['pods', 'secrets', 'services'], verbs: ['get', 'list'] }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'before' };
  const subjects = [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }];
  await namespace.apply(`${rbac} roles`, { metadata: { name: 'before' }, rules });
  await namespace.apply(`${rbac} rolebindings`, { metadata: { name: 'before' }, roleRef, subjects });
  const kubeconfig = changedKubeconfig({ as: name });
  const { runtime, may, said } = await tender({ kubeconfig });
  await eventually(() => runtime.list(context()).catch(() => undefined), 'the API server knows of the new rights');
  expect([await may(), await may()]).toEqual([false, false]);
  expect(said).toEqual([expect.stringContaining('removes nothing: it may not use Leases')]);
  const checked = await home.run(['cluster', 'check', '--json'], { environment: { KUBECONFIG: kubeconfig } });
  const { findings } = JSON.parse(checked.stdout);
  expect(findings).toContainEqual(
    expect.objectContaining({
      status: 'warning',
      detail: 'may not update leases, needed for an agent that clears up',
      fix: expect.stringContaining('leases.coordination.k8s.io'),
    }),
  );
});

test('of the agents of two homes one clears up; the other takes over when it stops', async () => {
  const [one, two] = [await startAgent(home, [], () => undefined), await startAgent(otherHome, [], () => undefined)];
  agents.push(one, two);
  const [own, others] = [/"msg":"this agent clears up/, /"msg":"another agent clears up/];
  const first = await Promise.race([one.running.seen(own).then(() => one), two.running.seen(own).then(() => two)]);
  const second = first === one ? two : one;
  await second.running.seen(others);
  expect(second.running.process.exitCode).toBeNull();
  await first.end('SIGTERM');
  await second.running.seen(own);
});
