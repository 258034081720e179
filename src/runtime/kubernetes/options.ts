import { z } from 'zod';
import { WpcloneError } from '../../shared/errors.ts';

const quantity = z.string().regex(/^[0-9.]+(m|[kMGTPE]i?)?$/, 'a Kubernetes quantity such as 500m or 1Gi');
const resources = z.strictObject({
  requests: z.strictObject({ cpu: quantity, memory: quantity }),
  limits: z.strictObject({ cpu: quantity.optional(), memory: quantity }),
});

/** What files are written passes through the page cache, which counts: a narrow limit makes a transfer wait for the disk. */
const DEFAULT_RESOURCES = {
  web: { requests: { cpu: '30m', memory: '96Mi' }, limits: { memory: '768Mi' } },
  database: { requests: { cpu: '40m', memory: '256Mi' }, limits: { memory: '1536Mi' } },
  sidecar: { requests: { cpu: '30m', memory: '128Mi' }, limits: { memory: '2Gi' } },
};

/** The `kubernetes` settings of project and user configuration. */
const optionsSchema = z.strictObject({
  context: z.string().optional(),
  /** Absent: the context's namespace, else wordpress-staging. */
  namespace: z.string().optional(),
  /** One image for all, or one by PHP version (`{ "8.2": "…", "7.4": "…" }`). Absent: `wpclone/instance:VERSION-php8.2`. */
  image: z.string().optional(),
  images: z.record(z.string().regex(/^\d+\.\d+$/), z.string()).default({}),
  defaultPhp: z.string().default('8.2'),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
  imagePullSecrets: z.array(z.string()).default([]),
  /** Absent: MariaDB from the instance image; else an official mysql or mariadb image. */
  databaseImage: z.string().optional(),
  /** With it each clone gets an Ingress `https://NAME.DOMAIN`; without it people reach it by `wpclone open`. */
  domain: z.string().optional(),
  /** `ingressClassName`: traefik, nginx, alb. */
  ingressClass: z.string().optional(),
  /** A certificate for `*.DOMAIN`. */
  tlsSecret: z.string().optional(),
  /** Makes cert-manager issue a certificate per clone (its `cert-manager.io/cluster-issuer` annotation). */
  clusterIssuer: z.string().optional(),
  ingressAnnotations: z.record(z.string(), z.string()).default({}),
  /** Ports on the people's own machines, of which each clone without a domain gets one for `open`. */
  ports: z.strictObject({ first: z.int(), last: z.int() }).default({ first: 20_000, last: 29_999 }),
  resources: z
    .strictObject({ web: resources, database: resources, sidecar: resources })
    .partial()
    .default({})
    .transform((given) => ({ ...DEFAULT_RESOURCES, ...given })),
  storage: z.strictObject({ site: quantity.default('20Gi'), database: quantity.default('10Gi') }).prefault({}),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  tolerations: z.array(z.record(z.string(), z.unknown())).default([]),
  /** How long provisioning may take before it is given up. */
  provisionSeconds: z.coerce.number().int().min(5).default(300),
});

export type KubernetesOptions = z.infer<typeof optionsSchema>;

/** Throws BAD_CONFIG naming what is wrong. */
export function parseOptions(input: Readonly<Record<string, unknown>>): KubernetesOptions {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const parsed = optionsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new WpcloneError('BAD_CONFIG', `The kubernetes settings are not valid: ${z.prettifyError(parsed.error)}`);
}
