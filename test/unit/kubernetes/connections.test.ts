import { readFileSync, writeFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectCluster } from '../../../src/runtime/kubernetes/api/client.ts';
import { makeTemp, run } from '../../support/temp.ts';

const folder = makeTemp('api-server');
const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
const versions: string[] = [];
let server: Http2SecureServer;

beforeAll(async () => {
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await run([
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ]);
  const options = { key: readFileSync(key), cert: readFileSync(certificate), allowHTTP1: true };
  server = createSecureServer(options, (request, response) => {
    versions.push(request.httpVersion);
    response.end(request.url === '/behind-a-proxy' ? '<!doctype html><title>Log in</title>' : '{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => server.close());

/** A cluster whose kubeconfig trusts the server in that way. */
function connect(trust: Readonly<Record<string, unknown>>) {
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(makeTemp('kubeconfig'), 'config');
  const content = {
    'current-context': 'it',
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'me' } }],
    clusters: [{ name: 'it', cluster: { server: `https://127.0.0.1:${port}`, ...trust } }],
    users: [{ name: 'me', user: { token: 'secret' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(content));
  return connectCluster({}, Date.now, kubeconfig);
}

const trusted = () => ({ 'certificate-authority-data': readFileSync(certificate).toString('base64') });
const { signal } = new AbortController();

test.each([
  ['read without the client library', trusted],
  ['read by it', () => ({ 'insecure-skip-tls-verify': true })],
])('an API server that speaks HTTP/2 is spoken to over HTTP/1.1: kubeconfig %s', async (_, trust) => {
  const api = await connect(trust());
  versions.length = 0;
  await api.send({ method: 'GET', path: 'version', what: 'get the version', signal });
  await api.close();
  expect(versions).toEqual(['1.1']);
});

test('the log-in page of a proxy before the API server is told as that, and is no fault of wpclone', async () => {
  const api = await connect(trusted());
  const page = api.send({ method: 'GET', path: 'behind-a-proxy', what: 'get pods', signal });
  await expect(page).rejects.toMatchObject({
    code: 'CLUSTER_UNREACHABLE',
    message: `What answers at ${api.server} is no API server (HTTP 200, and no JSON).`,
  });
  await api.close();
});
