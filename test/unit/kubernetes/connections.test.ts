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
    response.end('{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => server.close());

test.each([
  ['read without the client library', { 'certificate-authority-data': 'the' }],
  ['read by it', { 'insecure-skip-tls-verify': true }],
])('an API server that speaks HTTP/2 is spoken to over HTTP/1.1: kubeconfig %s', async (_, trust) => {
  const authority = 'certificate-authority-data' in trust ? readFileSync(certificate).toString('base64') : undefined;
  const { port } = server.address() as AddressInfo;
  const kubeconfig = join(makeTemp('kubeconfig'), 'config');
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    ...trust,
    ...(authority && { 'certificate-authority-data': authority }),
  };
  const content = {
    'current-context': 'it',
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'me' } }],
    clusters: [{ name: 'it', cluster }],
    users: [{ name: 'me', user: { token: 'secret' } }],
  };
  writeFileSync(kubeconfig, JSON.stringify(content));
  const api = await connectCluster({}, Date.now, kubeconfig);
  versions.length = 0;
  await api.send({ method: 'GET', path: 'version', what: 'get the version', signal: new AbortController().signal });
  await api.close();
  expect(versions).toEqual(['1.1']);
});
