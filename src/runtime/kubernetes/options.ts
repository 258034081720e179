import { z } from 'zod';
import { WpcloneError } from '../../shared/errors.ts';
import { settingProblem } from '../../shared/setting-words.ts';

/** A bare number is one too: `cpu: 1`. */
const quantity = z.coerce.string().regex(/^[0-9.]+(m|[kMGTPE]i?)?$/, 'a Kubernetes quantity such as 500m or 1Gi');
const NAME = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const port = z.int().min(1).max(65_535);
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
const settingsSchema = z.strictObject({
  context: z.string().optional(),
  /** Absent: the context's namespace, else wordpress-staging. */
  namespace: z
    .string()
    .regex(new RegExp(`^${NAME}$`), 'a name of small letters, digits and hyphens')
    .optional(),
  /** One image for all, or one by PHP version (`{ "8.2": "…", "7.4": "…" }`). Absent: `wpclone/instance:VERSION-php8.2`. */
  image: z.string().optional(),
  images: z.record(z.string().regex(/^\d+\.\d+$/), z.string()).default({}),
  defaultPhp: z.string().default('8.2'),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
  imagePullSecrets: z.array(z.string()).default([]),
  /** Absent: MariaDB from the instance image; else an official mysql or mariadb image. */
  databaseImage: z.string().optional(),
  /** With it each clone gets an Ingress `https://NAME.DOMAIN`; without it people reach it by `wpclone open`. */
  domain: z
    .string()
    .toLowerCase()
    .regex(new RegExp(`^${NAME}(\\.${NAME})*$`), 'a domain such as clones.example, without https:// and without *.')
    .optional(),
  /** `ingressClassName`: traefik, nginx, alb. */
  ingressClass: z.string().optional(),
  /** A certificate for `*.DOMAIN`. */
  tlsSecret: z.string().optional(),
  /** Makes cert-manager issue a certificate per clone (its `cert-manager.io/cluster-issuer` annotation). */
  clusterIssuer: z.string().optional(),
  ingressAnnotations: z.record(z.string(), z.string()).default({}),
  /** Ports on the people's own machines, of which each clone without a domain gets one for `open`. */
  ports: z
    .strictObject({ first: port, last: port })
    .refine(({ first, last }) => first <= last, 'the first is above the last')
    .default({ first: 20_000, last: 29_999 }),
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

// cert-manager would write the certificate of one clone over the one that is there for all.
const optionsSchema = settingsSchema.refine(
  ({ tlsSecret, clusterIssuer }) => tlsSecret === undefined || clusterIssuer === undefined,
  'either tlsSecret, a certificate that is there, or clusterIssuer, which makes one per clone',
);

export type KubernetesOptions = z.infer<typeof optionsSchema>;

const UNITS: Readonly<Record<string, number>> = {
  m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18,
  Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60,
}; // prettier-ignore

/** How many bytes a quantity of storage is. */
export function bytesOf(storage: string): number {
  const [, number = '0', unit = ''] = /^([0-9.]+)(\w*)$/.exec(storage) ?? [];
  return Math.floor(Number(number) * (UNITS[unit] ?? 1));
}

/** Throws BAD_CONFIG naming what is wrong. */
export function parseOptions(input: Readonly<Record<string, unknown>>): KubernetesOptions {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const parsed = optionsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `${['kubernetes', ...issue.path].join('.')}: ${settingProblem(issue)}`,
  );
  throw new WpcloneError('BAD_CONFIG', `${problems.join('; ')}.`);
}
