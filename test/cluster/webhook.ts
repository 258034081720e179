import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeTemp } from '../support/temp.ts';
import { HOST, type TestNamespace } from './support.ts';

const ADMISSION = 'apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

export interface Webhook {
  readonly name: string;
  /** Nobody is there any more; the cluster goes on asking. */
  stop(): Promise<void>;
  /** The cluster does not ask any more. */
  unregister(): Promise<void>;
}

/** An admission webhook of the cluster that refuses the pods of one namespace, as it is told to. */
export async function refusingWebhook(
  namespace: TestNamespace,
  status: { readonly code?: number; readonly message: string },
): Promise<Webhook> {
  const name = `${namespace.name}.wpclone.test`;
  const folder = makeTemp('webhook');
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=IP:${HOST}`];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, answer) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.once('end', () => {
      const { uid } = JSON.parse(body).request;
      const response = { uid, allowed: false, status };
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const { port } = server.address() as AddressInfo;
  const ask = (method: 'POST' | 'DELETE', path: string, body?: object) =>
    namespace.cluster.send({ method, path, body, what: `${method} ${path}`, signal: AbortSignal.timeout(30_000) });
  await namespace.label({ 'wpclone.test/webhook': namespace.name });
  await ask('POST', ADMISSION, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name,
        clientConfig: { url: `https://${HOST}:${port}/`, caBundle: readFileSync(cert).toString('base64') },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        namespaceSelector: { matchLabels: { 'wpclone.test/webhook': namespace.name } },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        timeoutSeconds: 2,
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  return {
    name,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    unregister: async () => void (await ask('DELETE', `${ADMISSION}/${name}`)),
  };
}
