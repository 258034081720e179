import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { libraryLogin } from '../../../src/runtime/kubernetes/login/library.ts';
import { makeTemp } from '../../support/temp.ts';

interface Parts {
  readonly current?: string;
  /** Of cluster, user and context alike. */
  readonly name?: string;
  readonly server?: string;
  readonly user?: object;
}

function kubeconfig({
  current,
  name = 'one',
  server = `https://${name}.example`,
  user = { token: name },
}: Parts): string {
  const file = join(makeTemp('kubeconfig'), 'config');
  const config = {
    ...(current === undefined ? {} : { 'current-context': current }),
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function authorization(login: ReturnType<typeof libraryLogin>, refused = false): Promise<string | undefined> {
  const { headers } = await login.credentials(refused);
  return Object.entries(headers).find(([key]) => key.toLowerCase() === 'authorization')?.[1];
}

describe('a token in a file', () => {
  test('is read each time anew, from beside the kubeconfig that names it, before a token that stands there', async () => {
    const file = kubeconfig({ current: 'one', user: { tokenFile: 'token', token: 'old' } });
    const login = libraryLogin(undefined, file);
    for (const token of ['first', 'second']) {
      writeFileSync(join(dirname(file), 'token'), `${token}\n`);
      expect(await authorization(login)).toBe(`Bearer ${token}`);
      expect((await login.kubeConfig()).getCurrentUser()?.token).toBe(token);
    }
  });

  test('that is not there is a log-in that failed', async () => {
    const login = libraryLogin(undefined, kubeconfig({ current: 'one', user: { tokenFile: 'token' } }));
    await expect(login.credentials(false)).rejects.toMatchObject({ code: 'CLUSTER_AUTH' });
  });
});

test('a program that gives credentials is asked again only when those it gave were refused', async () => {
  const program = join(makeTemp('plug-in'), 'program');
  const calls = join(dirname(program), 'calls');
  const apiVersion = 'client.authentication.k8s.io/v1';
  const answer = `{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"'$(wc -l <${calls})'"}}`;
  writeFileSync(program, `#!/bin/sh\necho >>${calls}\necho '${answer}'\n`);
  chmodSync(program, 0o755);
  const exec = { apiVersion, command: program, interactiveMode: 'Never' };
  const login = libraryLogin(undefined, kubeconfig({ current: 'one', user: { exec } }));
  expect([await authorization(login), await authorization(login)]).toEqual(['Bearer 1', 'Bearer 1']);
  expect([await authorization(login, true), await authorization(login)]).toEqual(['Bearer 2', 'Bearer 2']);
});

describe('several kubeconfigs are one, as kubectl has it', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const list = (...files: string[]) => vi.stubEnv('KUBECONFIG', files.join(delimiter));

  test('the first current context wins, and the first of each name', () => {
    const again = kubeconfig({ current: 'one', server: 'https://another.example' });
    list(kubeconfig({}), kubeconfig({ current: 'two', name: 'two' }), again);
    expect(libraryLogin(undefined, undefined)).toMatchObject({ contextName: 'two', server: 'https://two.example' });
    expect(libraryLogin('one', undefined)).toMatchObject({ contextName: 'one', server: 'https://one.example' });
  });

  test('one that is not there is left out', () => {
    list('/nowhere/config', kubeconfig({ current: 'one' }));
    expect(libraryLogin(undefined, undefined)).toMatchObject({ contextName: 'one' });
  });

  test('but the only one must be there', () => {
    list('/nowhere/config');
    expect(() => libraryLogin(undefined, undefined)).toThrow(/cannot be read: ENOENT/);
  });
});
