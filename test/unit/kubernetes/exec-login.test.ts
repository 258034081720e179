import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectCluster } from '../../../src/runtime/kubernetes/api/client.ts';
import { makeTemp } from '../../support/temp.ts';

test('a program of the kubeconfig that gives no credentials does not keep anybody from cancelling', async () => {
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['10'] };
  const kubeconfig = join(makeTemp('kubeconfig'), 'config');
  const content = {
    'current-context': 'it',
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'me' } }],
    clusters: [{ name: 'it', cluster: { server: 'http://127.0.0.1:9' } }],
    users: [{ name: 'me', user: { exec } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(content));
  const cluster = await connectCluster({}, Date.now, kubeconfig);
  const stop = new AbortController();
  const reason = new Error('Cancelled.');
  const asked = cluster.send({ method: 'GET', path: 'version', what: 'get the version', signal: stop.signal });
  setImmediate(() => stop.abort(reason));
  await expect(asked).rejects.toBe(reason);
  await cluster.close();
});
