import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { libraryLogin } from '../../../src/runtime/kubernetes/login/library.ts';
import { plainLogin } from '../../../src/runtime/kubernetes/login/plain.ts';
import { makeTemp } from '../../support/temp.ts';

const data = Buffer.from('a certificate').toString('base64');
const cluster = { server: 'https://one.example:6443/', 'certificate-authority-data': data };
const certificate = { 'client-certificate-data': data, 'client-key-data': data };

function kubeconfig(changes: { cluster?: object; user?: object; context?: object } = {}): string {
  const file = join(makeTemp('kubeconfig'), 'config');
  const config = {
    'current-context': 'first',
    clusters: [
      { name: 'one', cluster: { ...cluster, ...changes.cluster } },
      { name: 'two', cluster: { ...cluster, server: 'https://two.example' } },
    ],
    users: [
      { name: 'me', user: { ...certificate, ...changes.user } },
      { name: 'robot', user: { token: 'secret' } },
    ],
    contexts: [
      { name: 'first', context: { cluster: 'one', user: 'me', ...changes.context } },
      { name: 'second', context: { cluster: 'two', user: 'robot', namespace: 'staging' } },
    ],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

describe('a kubeconfig that holds all it needs is read without the client library', () => {
  test.each([undefined, 'first', 'second'])('and to the same end: context %s', async (wanted) => {
    const file = kubeconfig();
    const [plain, library] = [await plainLogin(wanted, file), libraryLogin(wanted, file)];
    const { contextName, namespace, server } = library;
    expect(plain).toMatchObject({ contextName, server });
    expect(plain?.namespace).toBe(namespace);
    const lowered = Object.entries((await library.credentials(false)).headers).map(([key, value]) => [
      key.toLowerCase(),
      value,
    ]);
    expect((await plain?.credentials(false))?.headers).toEqual(Object.fromEntries(lowered));
    expect((await plain?.kubeConfig())?.getCurrentContext()).toBe(contextName);
  });

  test.each([
    ['runs a program', { user: { exec: { command: 'aws' } } }],
    ['acts as somebody else', { user: { as: 'somebody' } }],
    ['has a provider', { user: { 'auth-provider': { name: 'oidc' } } }],
    ['has both a certificate and a token', { user: { token: 'secret' } }],
    ['names another file', { cluster: { 'certificate-authority': 'ca.crt' } }],
    ['has a proxy', { cluster: { 'proxy-url': 'http://proxy.example' } }],
    ['checks no certificate', { cluster: { 'insecure-skip-tls-verify': true } }],
    ['speaks no TLS', { cluster: { server: 'http://one.example' } }],
    ['names a user that is not there', { context: { user: 'nobody' } }],
  ])('but not one that %s', async (_, changes) => {
    expect(await plainLogin(undefined, kubeconfig(changes))).toBeUndefined();
  });

  test('nor a context or a file that is not there', async () => {
    expect(await plainLogin('elsewhere', kubeconfig())).toBeUndefined();
    expect(await plainLogin(undefined, '/nowhere/config')).toBeUndefined();
  });
});
