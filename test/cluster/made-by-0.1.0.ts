import { IMAGE, type TestNamespace } from './support.ts';

/**
 * The objects of a clone as wpclone 0.1.0 made them: all called after the clone, its port given by environment, without what later
 * versions write down. Of its pod only what later versions could trip over; it runs the present image, as no older one is at hand.
 */
export async function makeAsBefore(namespace: TestNamespace, id: string, url: string): Promise<void> {
  const name = `wpclone-${id}`;
  const claim = 'rTn3xZ0cQ1qk5mS8bW2vLw6e';
  const labels = {
    'app.kubernetes.io/name': 'wpclone',
    'app.kubernetes.io/managed-by': 'wpclone',
    'app.kubernetes.io/component': 'instance',
    'wpclone.dev/clone': id,
  };
  const end = new Date(Date.now() + 3_600_000).toISOString();
  const stringData = {
    token: 'token-of-before',
    'database-password': 'password-of-before',
    'root-password': 'root-of-before',
  };
  const secret = { name, labels, annotations: { 'wpclone.dev/claim': claim, 'wpclone.dev/deadline': end } };
  await namespace.apply('secrets', { metadata: secret, stringData });
  const source = { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' };
  const facts = { url, source, adminUsername: 'wpclone-abcd', createdAt: new Date().toISOString() };
  const annotations = {
    'wpclone.dev/epoch': '1',
    'wpclone.dev/claim': claim,
    'wpclone.dev/deadline': end,
    'wpclone.dev/expires-at': end,
    'wpclone.dev/facts': JSON.stringify(facts),
    'wpclone.dev/transition': claim,
  };
  const pod = { name, labels: { ...labels, 'wpclone.dev/state': 'READY' }, annotations };
  await namespace.apply('pods', { metadata: pod, spec: specOf(name, new URL(url).port) });
  const { uid } = (await namespace.get(`pods/${name}`))?.metadata ?? {};
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name, uid }];
  const adminPassword = { 'admin-password': 'admin-of-before' };
  await namespace.patch(`secrets/${name}`, { metadata: { ownerReferences }, stringData: adminPassword });
  await namespace.apply('services', {
    metadata: { name, labels, annotations: { 'wpclone.dev/claim': claim }, ownerReferences },
    spec: { selector: { 'wpclone.dev/clone': id }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  });
}

const mount = (name: string, mountPath: string) => ({ name, mountPath });
const SECRET = '/run/secrets/wpclone';

function specOf(secretName: string, port: string): object {
  const container = (name: string, environment: Record<string, string>, volumeMounts: readonly object[]) => ({
    name,
    image: IMAGE,
    args: [name],
    env: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
    volumeMounts,
  });
  const database = {
    MYSQL_DATABASE: 'wordpress',
    MYSQL_USER: 'wordpress',
    MYSQL_PASSWORD_FILE: `${SECRET}/database-password`,
    MYSQL_ROOT_PASSWORD_FILE: `${SECRET}/root-password`,
  };
  const [site, sockets] = [mount('site', '/wpclone'), mount('sockets', '/run/mysqld')];
  const secret = { ...mount('secret', SECRET), readOnly: true };
  const data = mount('database', '/var/lib/mysql');
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 15,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
    containers: [
      container('sidecar', {}, [site, sockets, mount('sidecar-tmp', '/tmp'), secret]),
      container('database', database, [data, sockets, mount('database-tmp', '/tmp'), secret]),
      container('web', { WPCLONE_URL_PORT: port }, [site, sockets, mount('web-tmp', '/tmp')]),
    ],
    volumes: [
      ...['site', 'database', 'sockets', 'web-tmp', 'database-tmp', 'sidecar-tmp'].map((name) => ({
        name,
        emptyDir: {},
      })),
      { name: 'secret', secret: { secretName, defaultMode: 0o440 } },
    ],
  };
}
