import { afterAll, beforeAll, expect, test } from 'vitest';
import { request } from 'undici';
import { startSource, type Source } from '../support/source/index.ts';
import { changedKubeconfig, cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { eventually, HOST, useNamespace } from './support.ts';

const namespace = useNamespace('open');
const commands = useCommands(namespace);
let source: Source;
let clone: Report;

beforeAll(async () => {
  source = await startSource({ host: HOST, posts: 1 });
  clone = await commands.json<Report>(cloneArguments(source), passwordOf(source));
});
afterAll(() => source.stop());

const RBAC = 'apis/rbac.authorization.k8s.io/v1';

/** A kubeconfig of somebody who may do so much in the namespace. */
async function userWith(name: string, rules: readonly object[]): Promise<NodeJS.ProcessEnv> {
  await namespace.apply(`${RBAC} roles`, { metadata: { name }, rules });
  await namespace.apply(`${RBAC} rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }],
  });
  return { KUBECONFIG: changedKubeconfig({ as: name }) };
}

test('whoever may not forward is told which right is missing, before a browser shows an empty page', async () => {
  const environment = await userWith('reader', [
    { apiGroups: [''], resources: ['pods', 'secrets', 'services'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['pods/proxy'], verbs: ['get', 'create'] },
  ]);
  const opened = () => commands.run(['open', clone.clone_id, '--print', '--json'], { environment });
  const { stdout, code } = await eventually(async () => {
    const result = await opened();
    return result.stdout.includes('pods/portforward') ? result : undefined;
  }, 'the API server knows of the role');
  const { error } = JSON.parse(stdout);
  expect([code, error.code]).toEqual([4, 'CLUSTER_FORBIDDEN']);
  expect(error.message).toBe(`reader may not get pods/portforward in namespace ${namespace.name}.`);
});

test('a clone that is gone ends the command, with why', async () => {
  const opened = commands.start(['open', clone.clone_id, '--print']);
  await opened.seen(/Forwarding/);
  const { statusCode, body } = await request(clone.clone_url);
  await body.dump();
  expect(statusCode).toBe(200);
  await namespace.remove(`pods/${await namespace.podName(clone.clone_id)}`);
  const { code, stderr } = await opened.finished;
  expect(code).toBe(1);
  expect(stderr).toContain(`${clone.clone_id} is gone: its pod was deleted.`);
});
