import type { V1Container, V1Pod, V1Secret } from '@kubernetes/client-node';
import { SIDECAR_PORT, WEB_PORT } from '../../../sidecar/protocol.ts';
import { DEADLINE, EPOCH, JOB, managedLabels, PHP, REVISION, STATE_LABEL, TRANSITION } from '../unit/names.ts';
import { bytesOf, type KubernetesOptions } from '../options.ts';

/** All that a new unit is made of. Whose it will be is not known. */
export interface UnitPlan {
  readonly name: string;
  /** The job that makes it. */
  readonly jobId: string;
  /** A random word on all that is made for it: tells a lost answer from somebody else's object. */
  readonly mark: string;
  /** ISO 8601, by the API server's clock. */
  readonly deadline: string;
  readonly image: string;
  /** Major and minor version of its PHP, where that is known. */
  readonly php?: string | undefined;
  readonly revision: string;
  readonly secrets: { readonly token: string; readonly databasePassword: string; readonly rootPassword: string };
}

/** The grace a pod gets to finish what it serves, in seconds. */
const GRACE = 15;
/** User and group `node` of the image; the volumes belong to it. */
const USER = 1000;
const SECRET_PATH = '/run/secrets/wpclone';
const GATE_PATH = '/run/wpclone';
/** What of the Secret the database's container sees. */
const PASSWORDS = ['database-password', 'root-password'] as const;
const DATABASE = 'wordpress';
const DATABASE_VOLUME = '/var/lib/mysql';

const mount = (name: string, mountPath: string) => ({ name, mountPath });

/** The passwords and the token of a unit. */
export function secretManifest(plan: UnitPlan): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: plan.name,
      labels: managedLabels('instance'),
      annotations: { [DEADLINE]: plan.deadline, [TRANSITION]: plan.mark },
    },
    type: 'Opaque',
    stringData: secretData(plan.secrets),
  };
}

/** By the names of the files that the pod sees. */
export const secretData = ({ token, databasePassword, rootPassword }: UnitPlan['secrets']) => ({
  token,
  'database-password': databasePassword,
  'root-password': rootPassword,
});

/** The pod: sidecar, database and web server, without any rights. */
export function podManifest(plan: UnitPlan, options: KubernetesOptions): V1Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: plan.name,
      labels: { ...managedLabels('instance'), [STATE_LABEL]: 'CREATING' },
      annotations: {
        [EPOCH]: '0',
        [JOB]: plan.jobId,
        [DEADLINE]: plan.deadline,
        [TRANSITION]: plan.mark,
        [REVISION]: plan.revision,
        ...(plan.php === undefined ? {} : { [PHP]: plan.php }),
        // A clone lives in its pod: neither the cluster autoscaler nor Karpenter may move it to save a node.
        'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
        'karpenter.sh/do-not-disrupt': 'true',
      },
    },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: GRACE,
      nodeSelector: options.nodeSelector,
      tolerations: options.tolerations,
      ...(options.imagePullSecrets.length === 0
        ? {}
        : { imagePullSecrets: options.imagePullSecrets.map((name) => ({ name })) }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      // The kubelet starts them one after the other; what takes longest to come up goes first.
      containers: [sidecarContainer(plan, options), databaseContainer(plan, options), webContainer(plan, options)],
      volumes: [
        { name: 'site', emptyDir: { sizeLimit: options.storage.site } },
        { name: 'database', emptyDir: { sizeLimit: options.storage.database } },
        { name: 'sockets', emptyDir: {} },
        { name: 'web-tmp', emptyDir: {} },
        { name: 'database-tmp', emptyDir: {} },
        { name: 'sidecar-tmp', emptyDir: {} },
        { name: 'gate', emptyDir: {} },
        { name: 'secret', secret: { secretName: plan.name, defaultMode: 0o440 } },
        // A clone's code can make the database read whatever this container may.
        {
          name: 'passwords',
          secret: { secretName: plan.name, defaultMode: 0o440, items: PASSWORDS.map((key) => ({ key, path: key })) },
        },
      ],
    },
  };
}

function container(plan: UnitPlan, options: KubernetesOptions, name: 'web' | 'database' | 'sidecar') {
  return {
    name,
    image: plan.image,
    imagePullPolicy: options.imagePullPolicy,
    resources: options.resources[name],
    // The end of the log is what a crash is explained with.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  } satisfies V1Container;
}

function webContainer(plan: UnitPlan, options: KubernetesOptions): V1Container {
  return {
    ...container(plan, options, 'web'),
    args: ['web'],
    ports: [{ name: 'http', containerPort: WEB_PORT }],
    livenessProbe: {
      httpGet: { path: '/-/wpclone/php-health', port: 'http' },
      periodSeconds: 20,
      timeoutSeconds: 5,
      failureThreshold: 3,
    },
    volumeMounts: [
      mount('site', '/wpclone'),
      mount('sockets', '/run/mysqld'),
      mount('web-tmp', '/tmp'),
      // What is said here no clone can change.
      { ...mount('gate', GATE_PATH), readOnly: true },
    ],
  };
}

/** In any image that has a client. A refusal by the server (its errors are numbered from 1000, the client's own from 2000) is an answer. */
const DATABASE_ANSWERS = [
  'client=$(command -v mariadb || command -v mysql) && MYSQL_PWD=$(cat "$MYSQL_PASSWORD_FILE") && export MYSQL_PWD',
  'set -- --no-defaults --socket=/run/mysqld/mysqld.sock --user="$MYSQL_USER" --connect-timeout=8',
  'said=$("$client" "$@" -e "DO 1" 2>&1) && exit 0',
  'case $said in *"ERROR 1"*) ;; *) echo "$said"; exit 1 ;; esac',
].join('\n');

function databaseContainer(plan: UnitPlan, options: KubernetesOptions): V1Container {
  const base = {
    ...container(plan, options, 'database'),
    env: [
      { name: 'MYSQL_DATABASE', value: DATABASE },
      { name: 'MYSQL_USER', value: DATABASE },
      { name: 'MYSQL_PASSWORD_FILE', value: `${SECRET_PATH}/database-password` },
      { name: 'MYSQL_ROOT_PASSWORD_FILE', value: `${SECRET_PATH}/root-password` },
    ],
    // A server that has hung accepts connections and says nothing. An official image takes its time to make its data folder.
    livenessProbe: {
      exec: { command: ['sh', '-c', DATABASE_ANSWERS] },
      initialDelaySeconds: 60,
      periodSeconds: 20,
      timeoutSeconds: 10,
      failureThreshold: 3,
    },
    volumeMounts: [
      mount('database', DATABASE_VOLUME),
      mount('sockets', '/run/mysqld'),
      mount('database-tmp', '/tmp'),
      { ...mount('passwords', SECRET_PATH), readOnly: true },
    ],
  };
  if (options.databaseImage === undefined) return { ...base, args: ['database'] };
  return { ...base, image: options.databaseImage, args: officialImageArguments() };
}

/** Options that mysqld 8 and mariadbd both know; the official images' entry point puts the server's name before them. */
function officialImageArguments(): string[] {
  return [
    '--socket=/run/mysqld/mysqld.sock',
    '--pid-file=/run/mysqld/mysqld.pid',
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    '--skip-log-bin',
    // A table lies in its database's folder; newer servers of MySQL know no other way.
    '--loose-skip-symbolic-links',
    '--local-infile=1',
    '--character-set-server=utf8mb4',
    '--max-allowed-packet=1G',
    '--performance-schema=OFF',
    '--innodb-buffer-pool-size=256M',
    '--innodb-flush-log-at-trx-commit=2',
    '--sql-mode=NO_ENGINE_SUBSTITUTION',
  ];
}

const databaseVolume = ({ storage }: KubernetesOptions) => [
  { name: 'WPCLONE_DATABASE_VOLUME', value: DATABASE_VOLUME },
  { name: 'WPCLONE_DATABASE_VOLUME_BYTES', value: String(bytesOf(storage.database)) },
];

function sidecarContainer(plan: UnitPlan, options: KubernetesOptions): V1Container {
  return {
    ...container(plan, options, 'sidecar'),
    args: ['sidecar'],
    // A server of another image keeps its tables where it likes.
    env: options.databaseImage === undefined ? databaseVolume(options) : [],
    ports: [{ name: 'sidecar', containerPort: SIDECAR_PORT }],
    // It answers for the whole pod: the database and the web server are asked too. The kubelet sees it within a second.
    readinessProbe: {
      httpGet: { path: '/readyz', port: 'sidecar' },
      periodSeconds: 1,
      timeoutSeconds: 3,
      failureThreshold: 3,
    },
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'sidecar' },
      periodSeconds: 20,
      timeoutSeconds: 10,
      failureThreshold: 6,
    },
    volumeMounts: [
      mount('site', '/wpclone'),
      mount('sockets', '/run/mysqld'),
      mount('sidecar-tmp', '/tmp'),
      mount('gate', GATE_PATH),
      ...(options.databaseImage === undefined ? [mount('database', DATABASE_VOLUME)] : []),
      { ...mount('secret', SECRET_PATH), readOnly: true },
    ],
  };
}
